/** A rectangle in pixels of the assembled image, half-open: columns `[x, x + width)`, rows `[y, y + height)`. */
export interface Roi {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The part of `roi` inside an image of the given size; width or height is 0 when nothing is left. */
export function clipRoi(roi: Roi, imageWidth: number, imageHeight: number): Roi {
  const x = Math.min(Math.max(roi.x, 0), imageWidth);
  const y = Math.min(Math.max(roi.y, 0), imageHeight);
  const right = Math.min(Math.max(roi.x + roi.width, x), imageWidth);
  const bottom = Math.min(Math.max(roi.y + roi.height, y), imageHeight);
  return { x, y, width: right - x, height: bottom - y };
}
