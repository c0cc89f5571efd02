import { COLOUR_MAPS, type ColourMap } from '../../display/colormap.ts';
import { SCALES, type Scale } from '../../display/scale.ts';

interface ImageToolbarProps {
  readonly map: ColourMap;
  readonly onMap: (map: ColourMap) => void;
  readonly scale: Scale;
  readonly onScale: (scale: Scale) => void;
  readonly isLocked: boolean;
  readonly onLock: () => void;
  readonly onAutoLevel: () => void;
  readonly onFit: () => void;
  readonly onPng: () => void;
  readonly onNpy: () => void;
  readonly hasImage: boolean;
}

/** Tools of a picture: colour map, scale, levels, fit, export. */
export function ImageToolbar(props: ImageToolbarProps) {
  const { map, onMap, scale, onScale, isLocked, onLock, onAutoLevel, onFit, onPng, onNpy, hasImage } = props;
  return (
    <div className="ptool">
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
      <span className="seg">
        {SCALES.map((name) => (
          <button
            key={name}
            type="button"
            className={scale === name ? 'on' : ''}
            aria-pressed={scale === name}
            onClick={() => onScale(name)}
          >
            {name}
          </button>
        ))}
      </span>
      <button type="button" className="btn" onClick={onAutoLevel} title="Levels at 1 and 99 % of the pixels">
        Auto <kbd>L</kbd>
      </button>
      <button
        type="button"
        className={`btn ${isLocked ? 'on' : ''}`}
        aria-pressed={isLocked}
        onClick={onLock}
        title={isLocked ? 'The levels stay when trains change' : 'The levels follow every train'}
      >
        Lock <kbd>K</kbd>
      </button>
      <span className="sp" />
      <button type="button" className="btn wide-only" onClick={onFit} title="Whole picture; double click does the same">
        Fit <kbd>F</kbd>
      </button>
      <button type="button" className="btn" onClick={onPng} disabled={!hasImage} title="Save the picture as shown">
        PNG
      </button>
      <button type="button" className="btn" onClick={onNpy} disabled={!hasImage} title="Save the values, float32">
        npy
      </button>
    </div>
  );
}
