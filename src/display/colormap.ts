/** Names of the colour maps, in the order of the menu. */
export const COLOUR_MAPS = ['viridis', 'magma', 'plasma', 'inferno', 'cividis', 'grey', 'bipolar'] as const;
/** Name of a colour map. */
export type ColourMap = (typeof COLOUR_MAPS)[number];

/** Colours at equal steps from low to high. @source matplotlib colour maps (CC0), sampled; grey and bipolar are ours */
const STOPS: Readonly<Record<ColourMap, string>> = {
  viridis: '440154 482475 414487 355f8d 2a788e 21918c 22a884 44bf70 7ad151 bddf26 fde725',
  magma: '000004 140e36 3b0f70 641a80 8c2981 b73779 de4968 f7705c fe9f6d fecf92 fcfdbf',
  plasma: '0d0887 41049d 6a00a8 8f0da4 b12a90 cc4778 e16462 f2844b fca636 fcce25 f0f921',
  inferno: '000004 160b39 420a68 6a176e 932667 bc3754 dd513a f37819 fca50a f6d746 fcffa4',
  cividis: '00224e 123570 3b496c 575d6d 707173 8a8678 a59c74 c3b369 e1cc55 fee838',
  grey: '000000 ffffff',
  bipolar: '4cc9f0 1f6f9f 10253a 0b0f14 3a1a10 a8502a ffb04d',
};

/** The colour map as 256 RGBA entries: uint8 (256, 4). */
export function colourTable(name: ColourMap): Uint8Array<ArrayBuffer> {
  const stops = STOPS[name].split(' ').map((hex) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));
  const table = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) {
    const position = (i / 255) * (stops.length - 1);
    const from = Math.min(Math.floor(position), stops.length - 2);
    for (let c = 0; c < 3; c++)
      table[4 * i + c] = Math.round(stops[from][c] + (stops[from + 1][c] - stops[from][c]) * (position - from));
    table[4 * i + 3] = 255;
  }
  return table;
}

/** One colour of a table in CSS. @param place in the map, 0 to 1 */
export function colourAt(table: Uint8Array, place: number): string {
  const i = 4 * Math.round(255 * Math.min(1, Math.max(0, place)));
  return `rgb(${table[i]} ${table[i + 1]} ${table[i + 2]})`;
}
