const SYMBOLS = (
  'H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc Ru ' +
  'Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At ' +
  'Rn Fr Ra Ac Th Pa U Np Pu Am Cm'
).split(' ');

/** Atomic number of `Si`, `Fe3+`, `O1` or `D`; null where the text names no element. */
export function atomicNumberOf(text: string): number | null {
  const letters = /^[A-Za-z]{1,2}/.exec(text)?.[0] ?? '';
  const name = letters.charAt(0).toUpperCase() + letters.slice(1).toLowerCase();
  if (name === 'D' || name === 'T') return 1;
  const found = SYMBOLS.indexOf(name);
  if (found >= 0) return found + 1;
  // `Oh` of a label is an oxygen: the first letter alone.
  const alone = SYMBOLS.indexOf(name.charAt(0));
  return alone >= 0 ? alone + 1 : null;
}
