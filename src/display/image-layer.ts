import { GlCanvas, VALUE_GLSL } from './gl-canvas.ts';
import type { ImagePainter, ImageView } from './image-painter.ts';
import type { Levels } from './levels.ts';
import { type PixelLattice, SMALLEST_HEXAGON } from './pixel-lattice.ts';
import type { Scale } from './scale.ts';

/** Behind the picture in both themes. */
const WELL: readonly [number, number, number] = [0x05 / 255, 0x07 / 255, 0x0a / 255];

const VERTEX = `#version 300 es
uniform vec4 rectangle; // left, bottom, right, top in clip space
uniform vec4 span; // the same in pixels of the image
out vec2 position;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  position = mix(span.xy, span.zw, corner);
  gl_Position = vec4(mix(rectangle.xy, rectangle.zw, corner), 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2D;
uniform sampler2D image;
uniform sampler2D kinds; // bits of PIXEL_KIND
uniform vec3 gap;
uniform float shift;
uniform bool hasOutlines;
uniform bool isUpright;
in vec2 position;
out vec4 colour;
${VALUE_GLSL}
int kindAt(ivec2 at) {
  return int(texelFetch(kinds, min(at, textureSize(kinds, 0) - 1), 0).r * 255.0 + 0.5);
}
ivec2 turned(ivec2 at) {
  return isUpright ? at.yx : at;
}
// As pixelAt of pixel-lattice.ts.
bool isOn(vec2 place, ivec2 cell, ivec2 cells) {
  if (any(lessThan(cell, ivec2(0))) || any(greaterThanEqual(cell, cells))) return false;
  int kind = kindAt(turned(cell));
  if (kind == 0) return false;
  float along = (kind & 2) != 0 ? shift : (kind & 4) != 0 ? -shift : 0.0;
  float aside = abs(place.x - float(cell.x) - 0.5 - along);
  if (aside > 0.5) return false;
  if (!hasOutlines) return true;
  float up = (kind & 8) != 0 ? 1.0 / 6.0 : (kind & 16) != 0 ? -1.0 / 6.0 : 0.0;
  return abs(place.y - float(cell.y) - 0.5 - up) <= (2.0 / 3.0) * (1.0 - aside);
}
void main() {
  ivec2 size = textureSize(image, 0);
  ivec2 at = ivec2(floor(position));
  bool isOutside = any(lessThan(at, ivec2(0))) || any(greaterThanEqual(at, size));
  if (shift != 0.0) {
    vec2 place = isUpright ? position.yx : position;
    ivec2 near = ivec2(floor(place));
    ivec2 found = ivec2(-1);
    for (int row = 0; row < (hasOutlines ? 3 : 1) && found.x < 0; row++)
      for (int column = 0; column < 3 && found.x < 0; column++) {
        ivec2 cell = near + ivec2(column == 2 ? 1 : -column, row == 2 ? 1 : -row);
        if (isOn(place, cell, turned(size))) found = cell;
      }
    if (found.x < 0) {
      if (isOutside) discard;
      colour = vec4(gap, 1.0);
      return;
    }
    at = turned(found);
  } else at = clamp(at, ivec2(0), size - 1);
  float value = texelFetch(image, at, 0).r;
  if (isMissing(value)) colour = (kindAt(at) & 1) == 1 ? maskedColour() : vec4(gap, 1.0);
  else colour = colourOf(value);
}`;

const SQUARES = { aspect: 1, shift: 0, isHexagon: false, isUpright: false };

/** Draws one float image on a canvas with WebGL2: colours, levels and scale are applied on the GPU; row 0 is at the bottom. */
export class ImageLayer implements ImagePainter {
  readonly #canvas: GlCanvas;
  readonly #image: WebGLTexture;
  readonly #kinds: WebGLTexture;
  #lattice: PixelLattice | null = null;
  #width = 0;
  #height = 0;

  /** @throws Error if the browser has no WebGL2 */
  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = new GlCanvas(canvas, VERTEX, FRAGMENT);
    this.#image = this.#canvas.addTexture();
    this.#kinds = this.#canvas.addTexture();
    this.setLattice(null);
  }

  setLattice(lattice: PixelLattice | null): void {
    const { gl } = this.#canvas;
    this.#lattice = lattice;
    gl.bindTexture(gl.TEXTURE_2D, this.#kinds);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    const [height, width] = lattice?.shape ?? [1, 1];
    const kinds = lattice?.kinds ?? new Uint8Array(1);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, width, height, 0, gl.RED, gl.UNSIGNED_BYTE, kinds);
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
    this.#canvas.use({ image: this.#image, kinds: this.#kinds }, levels, scale, screen.ratio);
    const clipX = (x: number) => (2 * x) / screen.cssWidth - 1;
    const clipY = (y: number) => 1 - (2 * y) / screen.cssHeight;
    const { left, bottom, zoom } = view;
    const { aspect, shift, isHexagon, isUpright } = this.#lattice ?? SQUARES;
    // Moved rows and tips of hexagons stand out by less than a pixel.
    const edge = shift === 0 ? 0 : 1;
    const [right, top] = [this.#width + edge, this.#height + edge];
    gl.uniform4f(
      this.#canvas.at('rectangle'),
      clipX(left - edge * zoom),
      clipY(bottom + edge * zoom * aspect),
      clipX(left + right * zoom),
      clipY(bottom - top * zoom * aspect),
    );
    gl.uniform4f(this.#canvas.at('span'), -edge, -edge, right, top);
    gl.uniform1f(this.#canvas.at('shift'), shift);
    gl.uniform1i(this.#canvas.at('hasOutlines'), isHexagon && zoom * screen.ratio >= SMALLEST_HEXAGON ? 1 : 0);
    gl.uniform1i(this.#canvas.at('isUpright'), isUpright ? 1 : 0);
    gl.uniform3f(this.#canvas.at('gap'), ...gap);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  /** Frees the GPU's memory. */
  dispose(): void {
    this.#canvas.dispose();
  }
}
