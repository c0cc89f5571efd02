import type { ImagePainter, ImageView } from './image-painter.ts';
import type { Levels } from './levels.ts';
import { lowestShown, SCALES, type Scale } from './scale.ts';
import { linkProgram, setTextureFilter, VALUE_GLSL } from './shader-program.ts';

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
uniform sampler2D colours;
uniform sampler2D inside; // 1 where a pixel of the detector is
uniform vec2 levels;
uniform int scale;
uniform vec3 gap;
uniform float hatch; // device pixels between two hatching lines
in vec2 position;
out vec4 colour;
${VALUE_GLSL}
void main() {
  ivec2 size = textureSize(image, 0);
  ivec2 at = min(ivec2(position * vec2(size)), size - 1);
  float value = texelFetch(image, at, 0).r;
  if (isMissing(value)) {
    bool isMasked = texelFetch(inside, min(at, textureSize(inside, 0) - 1), 0).r > 0.5;
    bool isLine = mod(gl_FragCoord.x + gl_FragCoord.y, hatch) < 0.4 * hatch;
    colour = vec4(isMasked ? vec3(isLine ? 0.42 : 0.20) : gap, 1.0);
    return;
  }
  float low = curve(levels.x, scale);
  float t = clamp((curve(value, scale) - low) / (curve(levels.y, scale) - low), 0.0, 1.0);
  colour = vec4(texture(colours, vec2(t * 255.0 / 256.0 + 0.5 / 256.0, 0.5)).rgb, 1.0);
}`;

/** Draws one float image on a canvas with WebGL2: colours, levels and scale are applied on the GPU; row 0 is at the bottom. */
export class ImageLayer implements ImagePainter {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #image: WebGLTexture;
  readonly #colours: WebGLTexture;
  readonly #inside: WebGLTexture;
  #width = 0;
  #height = 0;

  /** @throws Error if the browser has no WebGL2 */
  constructor(canvas: HTMLCanvasElement) {
    const gl = canvas.getContext('webgl2', { antialias: false, alpha: false, depth: false });
    if (!gl) throw new Error('This browser has no WebGL2: the image cannot be drawn. Switch on hardware acceleration.');
    this.#gl = gl;
    this.#program = linkProgram(gl, VERTEX, FRAGMENT);
    this.#image = gl.createTexture();
    this.#colours = gl.createTexture();
    this.#inside = gl.createTexture();
    this.setInside(null, 1, 1);
  }

  setInside(inside: Uint8Array | null, width: number, height: number): void {
    const gl = this.#gl;
    gl.bindTexture(gl.TEXTURE_2D, this.#inside);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    if (inside) {
      const bytes = inside.map((v) => (v ? 255 : 0));
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, width, height, 0, gl.RED, gl.UNSIGNED_BYTE, bytes);
    } else gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, 1, 1, 0, gl.RED, gl.UNSIGNED_BYTE, new Uint8Array(1));
    setTextureFilter(gl, gl.TEXTURE_2D, gl.NEAREST);
  }

  /** Uploads an image. @param data float32 (height, width), NaN = gap */
  setImage(data: Float32Array, width: number, height: number): void {
    const gl = this.#gl;
    gl.bindTexture(gl.TEXTURE_2D, this.#image);
    if (width !== this.#width || height !== this.#height) {
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, width, height, 0, gl.RED, gl.FLOAT, data);
      setTextureFilter(gl, gl.TEXTURE_2D, gl.NEAREST);
      this.#width = width;
      this.#height = height;
    } else gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, gl.RED, gl.FLOAT, data);
  }

  setColours(table: Uint8Array): void {
    const gl = this.#gl;
    gl.bindTexture(gl.TEXTURE_2D, this.#colours);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, table);
    setTextureFilter(gl, gl.TEXTURE_2D, gl.LINEAR);
  }

  draw(view: ImageView, levels: Levels, scale: Scale, gap: readonly [number, number, number]): void {
    const gl = this.#gl;
    const canvas = gl.canvas as HTMLCanvasElement;
    const ratio = window.devicePixelRatio || 1;
    const [cssWidth, cssHeight] = [canvas.clientWidth, canvas.clientHeight];
    const [width, height] = [Math.round(cssWidth * ratio), Math.round(cssHeight * ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    gl.viewport(0, 0, width, height);
    gl.clearColor(...WELL, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (this.#width === 0 || cssWidth === 0) return;
    gl.useProgram(this.#program);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.#image);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.#colours);
    gl.activeTexture(gl.TEXTURE2);
    gl.bindTexture(gl.TEXTURE_2D, this.#inside);
    gl.activeTexture(gl.TEXTURE0);
    const clipX = (x: number) => (2 * x) / cssWidth - 1;
    const clipY = (y: number) => 1 - (2 * y) / cssHeight;
    const { left, bottom, zoom } = view;
    gl.uniform4f(
      this.#at('rectangle'),
      clipX(left),
      clipY(bottom),
      clipX(left + this.#width * zoom),
      clipY(bottom - this.#height * zoom),
    );
    gl.uniform1i(this.#at('image'), 0);
    gl.uniform1i(this.#at('colours'), 1);
    gl.uniform1i(this.#at('inside'), 2);
    gl.uniform1f(this.#at('hatch'), 5 * ratio);
    gl.uniform2f(this.#at('levels'), lowestShown(levels, scale), levels.high);
    gl.uniform1i(this.#at('scale'), SCALES.indexOf(scale));
    gl.uniform3f(this.#at('gap'), ...gap);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  /** Frees the GPU's memory. */
  dispose(): void {
    this.#gl.deleteTexture(this.#image);
    this.#gl.deleteTexture(this.#colours);
    this.#gl.deleteTexture(this.#inside);
    this.#gl.deleteProgram(this.#program);
  }

  #at(name: string): WebGLUniformLocation | null {
    return this.#gl.getUniformLocation(this.#program, name);
  }
}
