import type { Levels } from './levels.ts';
import { lowestShown, SCALES, type Scale } from './scale.ts';

/** CSS pixels between two lines of the hatching of masked pixels. */
const HATCH = 5;

/** GLSL of the curves of scale.ts, in the order of SCALES, and of the test for NaN: compilers may assume that a float equals itself. */
export const VALUE_GLSL = `
uniform sampler2D colours;
uniform vec2 levels;
uniform int scale;
uniform float hatch; // device pixels between two hatching lines
float curve(float v) {
  if (scale == 1) return log(max(v, 1e-30));
  if (scale == 2) return sign(v) * log(1.0 + abs(v));
  if (scale == 3) return sign(v) * sqrt(abs(v));
  return v;
}
bool isMissing(float v) {
  uint bits = floatBitsToUint(v);
  return (bits & 0x7f800000u) == 0x7f800000u && (bits & 0x7fffffu) != 0u;
}
vec4 colourOf(float value) {
  float low = curve(levels.x);
  float t = clamp((curve(value) - low) / (curve(levels.y) - low), 0.0, 1.0);
  return vec4(texture(colours, vec2(t * 255.0 / 256.0 + 0.5 / 256.0, 0.5)).rgb, 1.0);
}
vec4 maskedColour() {
  bool isLine = mod(gl_FragCoord.x + gl_FragCoord.y, hatch) < 0.4 * hatch;
  return vec4(vec3(isLine ? 0.42 : 0.20), 1.0);
}`;

/** A canvas that one pair of shaders draws on, with a colour map. */
export class GlCanvas {
  readonly gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #textures: WebGLTexture[] = [];
  readonly #colours: WebGLTexture;

  /** @param fragment contains {@link VALUE_GLSL}. @throws Error if the browser has no WebGL2 */
  constructor(canvas: HTMLCanvasElement, vertex: string, fragment: string) {
    const gl = canvas.getContext('webgl2', { antialias: false, alpha: false, depth: false });
    if (!gl) throw new Error('This browser has no WebGL2: the image cannot be drawn. Switch on hardware acceleration.');
    this.gl = gl;
    this.#program = linkProgram(gl, vertex, fragment);
    this.#colours = this.addTexture();
  }

  /** A new texture, which is freed with the canvas. */
  addTexture(): WebGLTexture {
    const texture = this.gl.createTexture();
    this.#textures.push(texture);
    return texture;
  }

  /** Place of a uniform. */
  at(name: string): WebGLUniformLocation | null {
    return this.gl.getUniformLocation(this.#program, name);
  }

  /** How the bound texture is looked up: `NEAREST` or `LINEAR`, never beyond its edge. */
  filter(kind: number): void {
    const { gl } = this;
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, kind);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, kind);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  /** @param table uint8 (256, 4), see colourTable */
  setColours(table: Uint8Array): void {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.#colours);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, table);
    this.filter(gl.LINEAR);
  }

  /**
   * Clears the canvas in the size that it has on screen; null while it has none.
   * @param background 0 to 1
   */
  begin(background: readonly [number, number, number]): { cssWidth: number; cssHeight: number; ratio: number } | null {
    const { gl } = this;
    const canvas = gl.canvas as HTMLCanvasElement;
    const ratio = window.devicePixelRatio || 1;
    const [cssWidth, cssHeight] = [canvas.clientWidth, canvas.clientHeight];
    const [width, height] = [Math.round(cssWidth * ratio), Math.round(cssHeight * ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    gl.viewport(0, 0, width, height);
    gl.clearColor(...background, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    return cssWidth === 0 || cssHeight === 0 ? null : { cssWidth, cssHeight, ratio };
  }

  /** Sets what {@link VALUE_GLSL} needs, and the samplers: the colour map is unit 0. */
  use(samplers: Readonly<Record<string, WebGLTexture>>, levels: Levels, scale: Scale, ratio: number): void {
    const { gl } = this;
    gl.useProgram(this.#program);
    for (const [unit, [name, texture]] of Object.entries({ colours: this.#colours, ...samplers }).entries()) {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.uniform1i(this.at(name), unit);
    }
    gl.activeTexture(gl.TEXTURE0);
    gl.uniform1f(this.at('hatch'), HATCH * ratio);
    gl.uniform2f(this.at('levels'), lowestShown(levels, scale), levels.high);
    gl.uniform1i(this.at('scale'), SCALES.indexOf(scale));
  }

  /** Frees the GPU's memory. */
  dispose(): void {
    for (const texture of this.#textures) this.gl.deleteTexture(texture);
    this.gl.deleteProgram(this.#program);
  }
}

function linkProgram(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) throw new Error('WebGL: no shader');
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(`WebGL: ${gl.getShaderInfoLog(shader)}`);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(`WebGL: ${gl.getProgramInfoLog(program)}`);
  return program;
}
