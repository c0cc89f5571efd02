import { GlCanvas, VALUE_GLSL } from './gl-canvas.ts';
import type { ImagePainter, ImageView } from './image-painter.ts';
import type { Levels } from './levels.ts';
import type { Scale } from './scale.ts';

/** Behind the picture in both themes. */
const WELL: readonly [number, number, number] = [0x05 / 255, 0x07 / 255, 0x0a / 255];

const VERTEX = `#version 300 es
uniform vec4 rectangle; // left, bottom, right, top in clip space
out vec2 position;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  position = corner;
  gl_Position = vec4(mix(rectangle.xy, rectangle.zw, corner), 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2D;
uniform sampler2D image;
uniform sampler2D inside; // 1 where a pixel of the detector is
uniform vec3 gap;
in vec2 position;
out vec4 colour;
${VALUE_GLSL}
void main() {
  ivec2 size = textureSize(image, 0);
  ivec2 at = min(ivec2(position * vec2(size)), size - 1);
  float value = texelFetch(image, at, 0).r;
  if (isMissing(value)) {
    bool isMasked = texelFetch(inside, min(at, textureSize(inside, 0) - 1), 0).r > 0.5;
    colour = isMasked ? maskedColour() : vec4(gap, 1.0);
  } else colour = colourOf(value);
}`;

/** Draws one float image on a canvas with WebGL2: colours, levels and scale are applied on the GPU; row 0 is at the bottom. */
export class ImageLayer implements ImagePainter {
  readonly #canvas: GlCanvas;
  readonly #image: WebGLTexture;
  readonly #inside: WebGLTexture;
  #width = 0;
  #height = 0;

  /** @throws Error if the browser has no WebGL2 */
  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = new GlCanvas(canvas, VERTEX, FRAGMENT);
    this.#image = this.#canvas.addTexture();
    this.#inside = this.#canvas.addTexture();
    this.setInside(null, 1, 1);
  }

  setInside(inside: Uint8Array | null, width: number, height: number): void {
    const { gl } = this.#canvas;
    gl.bindTexture(gl.TEXTURE_2D, this.#inside);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    if (inside) {
      const bytes = inside.map((v) => (v ? 255 : 0));
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, width, height, 0, gl.RED, gl.UNSIGNED_BYTE, bytes);
    } else gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, 1, 1, 0, gl.RED, gl.UNSIGNED_BYTE, new Uint8Array(1));
    this.#canvas.filter(gl.NEAREST);
  }

  /** Uploads an image. @param data float32 (height, width), NaN = gap */
  setImage(data: Float32Array, width: number, height: number): void {
    const { gl } = this.#canvas;
    gl.bindTexture(gl.TEXTURE_2D, this.#image);
    if (width !== this.#width || height !== this.#height) {
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, width, height, 0, gl.RED, gl.FLOAT, data);
      this.#canvas.filter(gl.NEAREST);
      this.#width = width;
      this.#height = height;
    } else gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, gl.RED, gl.FLOAT, data);
  }

  setColours(table: Uint8Array): void {
    this.#canvas.setColours(table);
  }

  draw(view: ImageView, levels: Levels, scale: Scale, gap: readonly [number, number, number]): void {
    const screen = this.#canvas.begin(WELL);
    if (!screen || this.#width === 0) return;
    const { gl } = this.#canvas;
    this.#canvas.use({ image: this.#image, inside: this.#inside }, levels, scale, screen.ratio);
    const clipX = (x: number) => (2 * x) / screen.cssWidth - 1;
    const clipY = (y: number) => 1 - (2 * y) / screen.cssHeight;
    const { left, bottom, zoom } = view;
    gl.uniform4f(
      this.#canvas.at('rectangle'),
      clipX(left),
      clipY(bottom),
      clipX(left + this.#width * zoom),
      clipY(bottom - this.#height * zoom),
    );
    gl.uniform3f(this.#canvas.at('gap'), ...gap);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  /** Frees the GPU's memory. */
  dispose(): void {
    this.#canvas.dispose();
  }
}
