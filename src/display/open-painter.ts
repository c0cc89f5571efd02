import { ImageLayer } from './image-layer.ts';
import type { ImagePainter } from './image-painter.ts';
import { ImageRaster } from './image-raster.ts';
import { TileLayer } from './tile-layer.ts';
import type { TilePainter } from './tile-painter.ts';
import { TileRaster } from './tile-raster.ts';

/** Ways to draw a picture. */
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

/** The same for tiles that are drawn where they are in space. @throws Error if the browser cannot draw */
export function openTilePainter(canvas: HTMLCanvasElement, wanted?: PainterKind | null): TilePainter {
  return (wanted ?? fastestPainter()) === 'webgl' ? new TileLayer(canvas) : new TileRaster(canvas);
}
