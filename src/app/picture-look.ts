import { useEffect, useMemo, useRef, useState } from 'react';
import type { ColourMap } from '../display/colormap.ts';
import { autoLevels, type Levels } from '../display/levels.ts';
import type { Scale } from '../display/scale.ts';
import { useStable } from './stable-callback.ts';

/** How the values of a picture become colours, and the calls that change it; the calls are the same ones for ever. */
export interface PictureLook {
  readonly map: ColourMap;
  readonly scale: Scale;
  readonly levels: Levels;
  readonly isLocked: boolean;
  readonly setMap: (map: ColourMap) => void;
  readonly setScale: (scale: Scale) => void;
  readonly setLevels: (levels: Levels) => void;
  /** Levels at 1 and 99 % of the pixels, once. */
  readonly autoLevel: () => void;
  readonly toggleLock: () => void;
  readonly reset: () => void;
  /** L levels, K lock, G log. @returns whether the key was one of these */
  readonly onKey: (key: string) => boolean;
}

/** What a picture looks like at first. */
interface FirstLook {
  readonly map: ColourMap;
  readonly scale: Scale;
  /** Instead of those that are found from the first picture. */
  readonly levels?: Levels | null;
}

const USUAL: FirstLook = { map: 'viridis', scale: 'lin' };

/**
 * Colours of a picture. Levels are found once from the first picture, then locked: a picture whose colours jump cannot be read.
 * @param image a new object for each picture @param unit with another one the levels are found anew
 */
export function usePictureLook(
  image: { readonly data: Float32Array } | null,
  unit: string,
  first: FirstLook = USUAL,
): PictureLook {
  const [map, setMap] = useState(first.map);
  const [scale, setScale] = useState(first.scale);
  const [found, setLevels] = useState<Levels | null>(first.levels ?? null);
  const [isLocked, setLocked] = useState(true);
  // Levels that were given are those of whatever comes first.
  const levelUnit = useRef<string | null>(first.levels ? null : unit);
  useEffect(() => {
    if (!image) return;
    const isSame = levelUnit.current === null || levelUnit.current === unit;
    levelUnit.current = unit;
    setLevels((old) => (old && isLocked && isSame ? old : autoLevels(image.data)));
  }, [image, isLocked, unit]);
  const levels = useMemo(() => found ?? { low: 0, high: 1 }, [found]);
  const autoLevel = useStable(() => image && setLevels(autoLevels(image.data)));
  const toggleLock = useStable(() => setLocked(!isLocked));
  const reset = useStable(() => {
    setMap(first.map);
    setScale(first.scale);
    setLocked(true);
    autoLevel();
  });
  const onKey = useStable((key: string) => {
    if (key === 'l') autoLevel();
    else if (key === 'k') toggleLock();
    else if (key === 'g') setScale(scale === 'log' ? 'lin' : 'log');
    else return false;
    return true;
  });
  return { map, scale, levels, isLocked, setMap, setScale, setLevels, autoLevel, toggleLock, reset, onKey };
}
