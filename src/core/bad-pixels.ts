/**
 * Bits of the bad-pixel mask word (uint32); a non-zero word means "think before you use this pixel".
 * @source European XFEL detector calibration, BadPixels enumeration
 */
export const BadPixels = {
  OFFSET_OUT_OF_THRESHOLD: 2 ** 0,
  NOISE_OUT_OF_THRESHOLD: 2 ** 1,
  OFFSET_NOISE_EVAL_ERROR: 2 ** 2,
  NO_DARK_DATA: 2 ** 3,
  CI_GAIN_OF_OF_THRESHOLD: 2 ** 4,
  CI_LINEAR_DEVIATION: 2 ** 5,
  CI_EVAL_ERROR: 2 ** 6,
  FF_GAIN_EVAL_ERROR: 2 ** 7,
  FF_GAIN_DEVIATION: 2 ** 8,
  FF_NO_ENTRIES: 2 ** 9,
  CI2_EVAL_ERROR: 2 ** 10,
  VALUE_IS_NAN: 2 ** 11,
  VALUE_OUT_OF_RANGE: 2 ** 12,
  GAIN_THRESHOLDING_ERROR: 2 ** 13,
  DATA_STD_IS_ZERO: 2 ** 14,
  ASIC_STD_BELOW_NOISE: 2 ** 15,
  INTERPOLATED: 2 ** 16,
  NOISY_ADC: 2 ** 17,
  OVERSCAN: 2 ** 18,
  NON_SENSITIVE: 2 ** 19,
  NON_LIN_RESPONSE_REGION: 2 ** 20,
  WRONG_GAIN_VALUE: 2 ** 21,
  NON_STANDARD_SIZE: 2 ** 22,
  EXPERT_CHOICE: 2 ** 23,
  USER1: 2 ** 30,
  USER2: 2 ** 31,
} as const;
