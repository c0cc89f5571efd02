/**
 * How a pixel is shared among bins: `no` = whole, by its centre; `bbox` = evenly over its bounding box in (radius, azimuth);
 * `pseudo` = the same with a box of the pixel's area; `full` = by its true outline.
 */
export type SplitMethod = 'no' | 'bbox' | 'pseudo' | 'full';

/** All methods, as a user writes them. */
export const SPLIT_METHODS: readonly SplitMethod[] = ['no', 'bbox', 'pseudo', 'full'];
