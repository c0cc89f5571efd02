/** Wavelength times photon energy (h c), keV * Angstrom. @source CODATA 2018, exact */
export const KEV_ANGSTROM = 12.398419843320026;
