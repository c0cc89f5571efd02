import type { Frame } from '../api/frames.ts';

/**
 * A window into what is on screen, for browser tests and for a curious console: `hutchTest.image()` gives the pixels of the
 * picture last drawn. It only reads.
 */
export interface TestProbe {
  image(): { readonly shape: readonly number[]; readonly data: Float32Array; readonly meta: unknown } | null;
}

let shown: Frame | null = null;

/** Notes the frame whose image was just drawn. */
export function noteShownFrame(frame: Frame): void {
  shown = frame;
}

const probe: TestProbe = {
  image() {
    const image = shown?.arrays.get('image');
    return shown && image ? { shape: image.shape, data: image.data as Float32Array, meta: shown.meta } : null;
  },
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
