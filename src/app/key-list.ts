/** A key and what it does; `isMain` keys are in the bar at the bottom, all of them in the overlay. */
export interface KeyHint {
  readonly key: string;
  readonly what: string;
  readonly isMain?: boolean;
}

const IMAGE: readonly KeyHint[] = [
  { key: 'L', what: 'auto-level', isMain: true },
  { key: 'K', what: 'lock levels', isMain: true },
  { key: 'G', what: 'log', isMain: true },
  { key: 'C', what: 'crosshair', isMain: true },
  { key: 'F', what: 'fit view', isMain: true },
  { key: 'R', what: 'reset view, levels and colours' },
  { key: 'Wheel', what: 'zoom at the pointer' },
  { key: 'Drag', what: 'pan' },
  { key: 'Double click', what: 'fit view' },
];

/** Keys of each room under their headings. */
export const KEYS: Readonly<Record<string, readonly (readonly [string, readonly KeyHint[]])[]>> = {
  '/live': [
    ['Live', [{ key: 'Space', what: 'pause', isMain: true }]],
    ['Picture', IMAGE],
    [
      'Region',
      [
        { key: '1', what: 'ROI on / off', isMain: true },
        { key: '← → ↑ ↓', what: 'move ROI', isMain: true },
        { key: 'Alt ← → ↑ ↓', what: 'resize ROI', isMain: true },
        { key: 'Shift', what: 'with arrows: 10 pixels' },
      ],
    ],
    [
      'Parameters',
      [
        { key: '/', what: 'find', isMain: true },
        { key: '↵', what: 'apply the field' },
        { key: 'Esc', what: 'restore the field' },
      ],
    ],
  ],
  '/run': [
    ['Picture', IMAGE],
    [
      'Frame',
      [
        { key: '[ ]', what: 'pulse', isMain: true },
        { key: '← →', what: 'train', isMain: true },
        { key: 'Home End', what: 'first, last of a focused slider' },
      ],
    ],
    [
      'Sources',
      [
        { key: '/', what: 'search', isMain: true },
        { key: '↑ ↓', what: 'walk over sources and keys' },
        { key: '← →', what: 'close, open the source' },
        { key: '↵', what: 'plot the key' },
        { key: 'Shift ↵', what: 'second key', isMain: true },
      ],
    ],
    ['Code', [{ key: 'Y', what: 'copy code', isMain: true }]],
  ],
  '/runs': [
    [
      'Table',
      [
        { key: '↑ ↓', what: 'choose run', isMain: true },
        { key: '↵', what: 'open run', isMain: true },
        { key: '/', what: 'filter', isMain: true },
      ],
    ],
  ],
};

/** Keys of every room. */
export const EVERYWHERE: readonly KeyHint[] = [
  { key: '?', what: 'all keys' },
  { key: 'Tab', what: 'next control' },
  { key: 'Esc', what: 'close this' },
];
