/**
 * Places of the bunch pattern table come at this rate, Hz: 1.3 GHz / 288, about 4.5 MHz.
 * @source European XFEL timing system: master clock 1.3 GHz, bunch clock divider 288
 */
export const BUNCH_RATE = 1.3e9 / 288;
