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
  '/geometry': [
    [
      'Move',
      [
        { key: 'Ctrl ← → ↑ ↓', what: 'move 1 px', isMain: true },
        { key: 'Ctrl Shift', what: 'with arrows: 10 px', isMain: true },
        { key: 'Ctrl Alt', what: 'with arrows: 0.1 px', isMain: true },
        { key: '[ ]', what: 'turn 0.1°', isMain: true },
        { key: 'Shift, Alt', what: 'with [ ]: 1°, 0.01°' },
        { key: 'Ctrl H J K L', what: 'move as arrows do' },
        { key: 'Drag', what: 'move the selected part' },
        { key: 'Ctrl Z, Ctrl Y', what: 'undo, redo', isMain: true },
      ],
    ],
    [
      'Select',
      [
        { key: '1 – 4', what: 'quadrant', isMain: true },
        { key: 'Tab', what: 'next part', isMain: true },
        { key: 'Click', what: 'part below the pointer' },
        { key: 'Esc', what: 'nothing selected' },
      ],
    ],
    [
      'Picture',
      [
        { key: 'O', what: 'rings', isMain: true },
        { key: 'B', what: 'before', isMain: true },
        { key: 'A', what: 'arrows' },
        { key: 'T', what: 'frames of tiles' },
        { key: 'N', what: 'names' },
        { key: 'V', what: 'front, back' },
        { key: 'L', what: 'auto-level' },
        { key: 'K', what: 'lock levels' },
        { key: 'G', what: 'log' },
        { key: 'C', what: 'crosshair' },
        { key: 'F', what: 'fit view', isMain: true },
        { key: 'Shift drag', what: 'pan, wherever it begins' },
      ],
    ],
    [
      'Frame',
      [
        { key: '← →', what: 'train, by the step' },
        { key: 'Shift ← →', what: 'pulse' },
      ],
    ],
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
