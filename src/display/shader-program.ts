/** Compiles and links a pair of shaders. @throws Error with the driver's log */
export function linkProgram(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
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

/** Sets how a texture that is bound is looked up: `NEAREST` or `LINEAR`, never beyond its edge. */
export function setTextureFilter(gl: WebGL2RenderingContext, target: number, filter: number): void {
  gl.texParameteri(target, gl.TEXTURE_MIN_FILTER, filter);
  gl.texParameteri(target, gl.TEXTURE_MAG_FILTER, filter);
  gl.texParameteri(target, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(target, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
}

/** GLSL of the curves of scale.ts, in the order of SCALES, and of the test for NaN: compilers may assume that a float equals itself. */
export const VALUE_GLSL = `
float curve(float v, int scale) {
  if (scale == 1) return log(max(v, 1e-30));
  if (scale == 2) return sign(v) * log(1.0 + abs(v));
  if (scale == 3) return sign(v) * sqrt(abs(v));
  return v;
}
bool isMissing(float v) {
  uint bits = floatBitsToUint(v);
  return (bits & 0x7f800000u) == 0x7f800000u && (bits & 0x7fffffu) != 0u;
}`;
