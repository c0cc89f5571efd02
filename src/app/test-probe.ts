import type { Frame } from '../api/frames.ts';
import type { Paint } from './paint-clock.ts';

/**
 * A window into what is on screen, for browser tests, benches and for a curious console: `hutchTest.image()` gives the pixels
 * of the picture last drawn. It only reads.
 */
export interface TestProbe {
  /** @param kind of frame, such as `map` or `detector`, where a page has several pictures; else the one drawn last */
  image(
    kind?: string,
  ): { readonly shape: readonly number[]; readonly data: Float32Array; readonly meta: unknown } | null;
  /** The live pictures that came onto the screen since the last call. */
  takePaints(): Paint[];
  /** How often the geometry page's picture was drawn since the page was loaded. */
  tileDraws(): number;
}

/** Paints kept for whoever asks. */
const KEPT_PAINTS = 1000;
let shown: Frame | null = null;
const shownByKind = new Map<string, Frame>();
let paints: Paint[] = [];
let tileDraws = 0;

/** Notes the frame whose image was just drawn. */
export function noteShownFrame(frame: Frame): void {
  shown = frame;
  shownByKind.set(frame.kind, frame);
}

/** Notes a live picture that came onto the screen. */
export function notePaint(paint: Paint): void {
  paints.push(paint);
  if (paints.length > KEPT_PAINTS) paints.shift();
}

/** Notes that the tiles of the geometry page were drawn. */
export function noteTileDraw(): void {
  tileDraws++;
}

const probe: TestProbe = {
  image(kind) {
    const frame = kind === undefined ? shown : shownByKind.get(kind);
    const image = frame?.arrays.get('image');
    return frame && image ? { shape: image.shape, data: image.data as Float32Array, meta: frame.meta } : null;
  },
  takePaints() {
    const taken = paints;
    paints = [];
    return taken;
  },
  tileDraws: () => tileDraws,
};

declare global {
  interface Window {
    hutchTest?: TestProbe;
  }
}

/** Puts the probe on the window. */
export function installTestProbe(): void {
  window.hutchTest = probe;
}
