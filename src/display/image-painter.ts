import { ImageLayer } from './image-layer.ts';
import { ImageRaster } from './image-raster.ts';
import type { Levels } from './levels.ts';
import type { Scale } from './scale.ts';

/** Where the image is on the canvas: CSS pixels of its lower left corner, and CSS pixels per image pixel. */
export interface ImageView {
  readonly left: number;
  readonly bottom: number;
  readonly zoom: number;
}

/** Draws one float image on a canvas; row 0 is at the bottom. */
export interface ImagePainter {
  /** Takes the values: float32 (height, width), NaN where there is none. They are not kept after the next call. */
  setImage(data: Float32Array, width: number, height: number): void;
  /**
   * Tells which pixels belong to the detector: those without value are hatched (masked), all others are gaps.
   * @param inside uint8 (height, width), 1 inside; null when it is not known, then all are gaps
   */
  setInside(inside: Uint8Array | null, width: number, height: number): void;
  /** @param table uint8 (256, 4), see colourTable */
  setColours(table: Uint8Array): void;
  /** Draws. @param gap colour of gaps, 0 to 1 */
  draw(view: ImageView, levels: Levels, scale: Scale, gap: readonly [number, number, number]): void;
  /** Frees memory. */
  dispose(): void;
}

/** What draws pictures: the graphics card, or the processor where there is none. */
export type PainterKind = 'webgl' | 'raster';
let found: PainterKind | null = null;

/**
 * Which painter this browser is faster with. A software renderer of WebGL (remote desktops, machines without a GPU) runs a
 * shader on the CPU for each pixel and copies the picture three times: a loop that fills the canvas takes a fraction of that.
 */
function fastestPainter(): PainterKind {
  if (found) return found;
  const gl = document.createElement('canvas').getContext('webgl2');
  const facts = gl?.getExtension('WEBGL_debug_renderer_info');
  const renderer = String(gl?.getParameter(facts ? facts.UNMASKED_RENDERER_WEBGL : gl.RENDERER) ?? 'none');
  gl?.getExtension('WEBGL_lose_context')?.loseContext();
  found = /none|swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer) ? 'raster' : 'webgl';
  return found;
}

/** Makes a painter for a fresh canvas. @param wanted instead of the fastest. @throws Error if the browser cannot draw */
export function openPainter(canvas: HTMLCanvasElement, wanted?: PainterKind | null): ImagePainter {
  return (wanted ?? fastestPainter()) === 'webgl' ? new ImageLayer(canvas) : new ImageRaster(canvas);
}
