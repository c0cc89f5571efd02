import { GlCanvas, VALUE_GLSL } from './gl-canvas.ts';
import type { Levels } from './levels.ts';
import type { Scale } from './scale.ts';
import { PLACED_FIELDS, type PlacedTiles, type TilePainter, type TileView } from './tile-painter.ts';

const VERTEX = `#version 300 es
layout(location = 0) in vec2 corner;
layout(location = 1) in vec4 steps; // along ss, along fs
layout(location = 2) in vec4 place; // first row, first column, rows, columns
uniform vec4 plane; // metres to clip space: scale x, scale y, offset x, offset y
uniform float oddRowShift;
out vec2 pixel; // (row, column) in the tile
flat out vec4 tile;
void main() {
  pixel = vec2(float(gl_VertexID & 1) * place.z, float(gl_VertexID >> 1) * (place.w + abs(oddRowShift)));
  vec2 position = corner + pixel.x * steps.xy + pixel.y * steps.zw;
  tile = place;
  gl_Position = vec4(position * plane.xy + plane.zw, 0.0, 1.0);
}`;

// Rows of the stack are cut in pieces side by side: no texture is as high as all rows of a large detector.
const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2D;
uniform sampler2D stack;
uniform float oddRowShift;
uniform int piece; // rows in a piece
uniform int columns; // columns of the stack
in vec2 pixel;
flat in vec4 tile;
out vec4 colour;
${VALUE_GLSL}
void main() {
  int row = min(int(pixel.x), int(tile.z) - 1);
  float along = (row & 1) == 1 ? pixel.y - oddRowShift : pixel.y;
  if (along < 0.0 || along >= tile.w) discard;
  int line = int(tile.x) + row;
  ivec2 at = ivec2(int(tile.y) + int(along) + columns * (line / piece), line % piece);
  float value = texelFetch(stack, at, 0).r;
  colour = isMissing(value) ? maskedColour() : colourOf(value);
}`;

/** Draws tiles with WebGL2: the stack is uploaded once, moving a tile changes ten numbers. */
export class TileLayer implements TilePainter {
  readonly #canvas: GlCanvas;
  readonly #stack: WebGLTexture;
  readonly #places: WebGLBuffer;
  readonly #shape: WebGLVertexArrayObject;
  #tileCount = 0;
  #oddRowShift = 0;
  #piece = 1;
  #columns = 0;

  /** @throws Error if the browser has no WebGL2 */
  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = new GlCanvas(canvas, VERTEX, FRAGMENT);
    const { gl } = this.#canvas;
    this.#stack = this.#canvas.addTexture();
    this.#places = gl.createBuffer();
    this.#shape = gl.createVertexArray();
    gl.bindVertexArray(this.#shape);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#places);
    for (const [location, size, first] of [
      [0, 2, 0],
      [1, 4, 2],
      [2, 4, 6],
    ] as const) {
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, size, gl.FLOAT, false, 4 * PLACED_FIELDS, 4 * first);
      gl.vertexAttribDivisor(location, 1);
    }
  }

  setStack(data: Float32Array, rows: number, columns: number): void {
    const { gl } = this.#canvas;
    const largest = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
    this.#columns = columns;
    this.#piece = Math.min(rows, largest);
    const pieces = Math.ceil(rows / this.#piece);
    if (pieces * columns > largest)
      throw new Error(
        `This graphics card takes pictures of ${largest} pixels a side; the detector has ${rows} x ${columns}.`,
      );
    gl.bindTexture(gl.TEXTURE_2D, this.#stack);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, pieces * columns, this.#piece, 0, gl.RED, gl.FLOAT, null);
    for (let piece = 0; piece < pieces; piece++) {
      const start = piece * this.#piece;
      const count = Math.min(this.#piece, rows - start);
      const part = data.subarray(start * columns, (start + count) * columns);
      gl.texSubImage2D(gl.TEXTURE_2D, 0, piece * columns, 0, columns, count, gl.RED, gl.FLOAT, part);
    }
    this.#canvas.filter(gl.NEAREST);
  }

  setTiles(tiles: PlacedTiles, oddRowShift: number): void {
    const { gl } = this.#canvas;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#places);
    gl.bufferData(gl.ARRAY_BUFFER, tiles, gl.DYNAMIC_DRAW);
    this.#tileCount = tiles.length / PLACED_FIELDS;
    this.#oddRowShift = oddRowShift;
  }

  setColours(table: Uint8Array): void {
    this.#canvas.setColours(table);
  }

  draw(view: TileView, levels: Levels, scale: Scale, gap: readonly [number, number, number]): void {
    const screen = this.#canvas.begin(gap);
    if (!screen || this.#columns === 0 || this.#tileCount === 0) return;
    const { gl } = this.#canvas;
    this.#canvas.use({ stack: this.#stack }, levels, scale, screen.ratio);
    gl.uniform4f(
      this.#canvas.at('plane'),
      ((view.isFront ? -2 : 2) * view.zoom) / screen.cssWidth,
      (2 * view.zoom) / screen.cssHeight,
      (2 * view.originX) / screen.cssWidth - 1,
      1 - (2 * view.originY) / screen.cssHeight,
    );
    gl.uniform1f(this.#canvas.at('oddRowShift'), this.#oddRowShift);
    gl.uniform1i(this.#canvas.at('piece'), this.#piece);
    gl.uniform1i(this.#canvas.at('columns'), this.#columns);
    gl.bindVertexArray(this.#shape);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.#tileCount);
  }

  dispose(): void {
    const { gl } = this.#canvas;
    gl.deleteBuffer(this.#places);
    gl.deleteVertexArray(this.#shape);
    this.#canvas.dispose();
  }
}
