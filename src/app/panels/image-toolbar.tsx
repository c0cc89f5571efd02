import { IconCrosshair, IconLock, IconLockOpen } from '@tabler/icons-react';
import { memo, type ReactNode } from 'react';
import { COLOUR_MAPS, type ColourMap } from '../../display/colormap.ts';
import { SCALES, type Scale } from '../../display/scale.ts';
import { Choices } from './choices.tsx';

interface ImageToolbarProps {
  readonly map: ColourMap;
  readonly onMap: (map: ColourMap) => void;
  readonly scale: Scale;
  readonly onScale: (scale: Scale) => void;
  readonly isLocked: boolean;
  readonly onLock: () => void;
  readonly hasCrosshair: boolean;
  readonly onCrosshair: () => void;
  readonly onAutoLevel: () => void;
  readonly onFit: () => void;
  readonly onPng: () => void;
  readonly onNpy: () => void;
  readonly hasImage: boolean;
  /** More tools, after those that every picture has. */
  readonly children?: ReactNode;
}

/** Tools of a picture: colour map, scale, levels, crosshair, fit, export. */
export const ImageToolbar = memo(function ImageToolbar(props: ImageToolbarProps) {
  const { map, onMap, scale, onScale, isLocked, onLock, hasCrosshair, onCrosshair } = props;
  const { onAutoLevel, onFit, onPng, onNpy, hasImage, children } = props;
  const Lock = isLocked ? IconLock : IconLockOpen;
  return (
    <div className="ptool" role="toolbar" aria-label="Picture">
      <select
        className="selct"
        aria-label="Colour map"
        value={map}
        onChange={(event) => onMap(event.target.value as ColourMap)}
      >
        {COLOUR_MAPS.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <Choices values={SCALES} value={scale} onChoose={onScale} />
      <button type="button" className="btn" onClick={onAutoLevel} title="Levels at 1 and 99 % of the pixels, once">
        Auto level <kbd>L</kbd>
      </button>
      <button
        type="button"
        className={`btn icon ${isLocked ? 'on' : ''}`}
        aria-pressed={isLocked}
        aria-label="Lock levels"
        onClick={onLock}
        title={isLocked ? 'The levels stay when trains change (K)' : 'The levels follow every train (K)'}
      >
        <Lock size={15} stroke={1.7} aria-hidden="true" />
      </button>
      <button
        type="button"
        className={`btn icon ${hasCrosshair ? 'on' : ''}`}
        aria-pressed={hasCrosshair}
        aria-label="Crosshair"
        onClick={onCrosshair}
        title="Crosshair with the pixel's value beside it (C)"
      >
        <IconCrosshair size={15} stroke={1.7} aria-hidden="true" />
      </button>
      {children}
      <span className="sp" />
      <button
        type="button"
        className="btn wide-only"
        onClick={onFit}
        title="Whole picture (F); a double click does the same"
      >
        Fit
      </button>
      <button type="button" className="btn" onClick={onPng} disabled={!hasImage} title="Save the picture as shown">
        PNG
      </button>
      <button type="button" className="btn" onClick={onNpy} disabled={!hasImage} title="Save the values, float32">
        npy
      </button>
    </div>
  );
});
