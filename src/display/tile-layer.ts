import type { Levels } from './levels.ts';
import { lowestShown, SCALES, type Scale } from './scale.ts';
import { linkProgram, setTextureFilter, VALUE_GLSL } from './shader-program.ts';
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
uniform sampler2D colours;
uniform vec2 levels;
uniform int scale;
uniform float hatch; // device pixels between two hatching lines
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
  if (isMissing(value)) {
    bool isLine = mod(gl_FragCoord.x + gl_FragCoord.y, hatch) < 0.4 * hatch;
    colour = vec4(vec3(isLine ? 0.42 : 0.20), 1.0);
    return;
  }
  float low = curve(levels.x, scale);
  float t = clamp((curve(value, scale) - low) / (curve(levels.y, scale) - low), 0.0, 1.0);
  colour = vec4(texture(colours, vec2(t * 255.0 / 256.0 + 0.5 / 256.0, 0.5)).rgb, 1.0);
}`;

/** Draws tiles with WebGL2: the stack is uploaded once, moving a tile changes ten numbers. */
export class TileLayer implements TilePainter {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #stack: WebGLTexture;
  readonly #colours: WebGLTexture;
  readonly #places: WebGLBuffer;
  readonly #shape: WebGLVertexArrayObject;
  #tileCount = 0;
  #oddRowShift = 0;
  #piece = 1;
  #columns = 0;

  /** @throws Error if the browser has no WebGL2 */
  constructor(canvas: HTMLCanvasElement) {
    const gl = canvas.getContext('webgl2', { antialias: false, alpha: false, depth: false });
    if (!gl) throw new Error('This browser has no WebGL2: the image cannot be drawn. Switch on hardware acceleration.');
    this.#gl = gl;
    this.#program = linkProgram(gl, VERTEX, FRAGMENT);
    this.#stack = gl.createTexture();
    this.#colours = gl.createTexture();
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
    const gl = this.#gl;
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
    setTextureFilter(gl, gl.TEXTURE_2D, gl.NEAREST);
  }

  setTiles(tiles: PlacedTiles, oddRowShift: number): void {
    const gl = this.#gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#places);
    gl.bufferData(gl.ARRAY_BUFFER, tiles, gl.DYNAMIC_DRAW);
    this.#tileCount = tiles.length / PLACED_FIELDS;
    this.#oddRowShift = oddRowShift;
  }

  setColours(table: Uint8Array): void {
    const gl = this.#gl;
    gl.bindTexture(gl.TEXTURE_2D, this.#colours);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, table);
    setTextureFilter(gl, gl.TEXTURE_2D, gl.LINEAR);
  }

  draw(view: TileView, levels: Levels, scale: Scale, gap: readonly [number, number, number]): void {
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
    gl.clearColor(...gap, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (this.#columns === 0 || this.#tileCount === 0 || cssWidth === 0) return;
    gl.useProgram(this.#program);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.#colours);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.#stack);
    gl.uniform4f(
      this.#at('plane'),
      ((view.isFront ? -2 : 2) * view.zoom) / cssWidth,
      (2 * view.zoom) / cssHeight,
      (2 * view.originX) / cssWidth - 1,
      1 - (2 * view.originY) / cssHeight,
    );
    gl.uniform1i(this.#at('stack'), 0);
    gl.uniform1i(this.#at('colours'), 1);
    gl.uniform1f(this.#at('hatch'), 5 * ratio);
    gl.uniform1f(this.#at('oddRowShift'), this.#oddRowShift);
    gl.uniform1i(this.#at('piece'), this.#piece);
    gl.uniform1i(this.#at('columns'), this.#columns);
    gl.uniform2f(this.#at('levels'), lowestShown(levels, scale), levels.high);
    gl.uniform1i(this.#at('scale'), SCALES.indexOf(scale));
    gl.bindVertexArray(this.#shape);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.#tileCount);
  }

  dispose(): void {
    this.#gl.deleteTexture(this.#stack);
    this.#gl.deleteTexture(this.#colours);
    this.#gl.deleteBuffer(this.#places);
    this.#gl.deleteVertexArray(this.#shape);
    this.#gl.deleteProgram(this.#program);
  }

  #at(name: string): WebGLUniformLocation | null {
    return this.#gl.getUniformLocation(this.#program, name);
  }
}
