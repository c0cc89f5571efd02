/** Options of the AGIPD correction; the defaults are those of the facility's offline correction. */
export interface AgipdOptions {
  /** Medium gain is taken back to high if the value above the high-gain offset is below this, ADU; null = never. */
  readonly forceHighBelow: number | null;
  /** Low gain is taken back to medium if the value above the medium-gain offset is below this, ADU; null = never. */
  readonly forceMediumBelow: number | null;
  /** Shift medium gain so that its line meets that of high gain. */
  readonly adjustMediumBaseline: boolean;
  /** Common-mode correction of each ASIC in high gain; null = none. */
  readonly commonMode: CommonModeOptions | null;
  /** Corrected values beyond +-range are no measurement, keV. */
  readonly rangeKeV: number;
  /** Gain ratio of medium to low, as there is no measurement of it. */
  readonly lowMediumRatio: number;
  /** Gain stage of all pixels in fixed-gain mode; null = each pixel's own (adaptive). */
  readonly fixedStage: 0 | 1 | 2 | null;
}

/** Common mode: the mean of the dark high-gain pixels of an ASIC is its baseline. */
export interface CommonModeOptions {
  /** Inclusive range of dark pixels, ADU. */
  readonly darkRange: readonly [number, number];
  /** Fraction of the ASIC's pixels that must be dark. */
  readonly darkFraction: number;
  readonly iterations: number;
}

/** The defaults, without common mode (which the live correction does not do). */
export const DEFAULT_AGIPD_OPTIONS: AgipdOptions = {
  forceHighBelow: 1000,
  forceMediumBelow: 1000,
  adjustMediumBaseline: true,
  commonMode: null,
  rangeKeV: 1e6,
  lowMediumRatio: 4.48,
  fixedStage: null,
};

/** Common mode as in production. */
export const DEFAULT_COMMON_MODE: CommonModeOptions = { darkRange: [-30, 30], darkFraction: 0.15, iterations: 4 };
