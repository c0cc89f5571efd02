import { type PointerEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { Roi } from '../../core/roi.ts';
import { COLOUR_MAPS, type ColourMap, colourTable } from '../../display/colormap.ts';
import { ImageLayer, SCALES, type Scale, type ImageView as View } from '../../display/image-layer.ts';
import { autoLevels, type Levels } from '../../display/levels.ts';
import { ColourBar } from './colour-bar.tsx';
import { RoiBox } from './roi-box.tsx';

/** A picture with everything a scientist does with one. */
export interface ImageViewProps {
  /** (height, width), row 0 at the bottom; null while there is none. */
  readonly image: { readonly data: Float32Array; readonly shape: readonly number[] } | null;
  readonly unit: string;
  readonly roi?: (Roi & { readonly isOn: boolean }) | null;
  readonly onRoi?: (roi: Roi & { isOn: boolean }) => void;
  /** Beam centre, (x, y) in pixels. */
  readonly centre?: readonly [number, number];
  /** Words about a pixel beside its value: q, module. */
  readonly describe?: (x: number, y: number) => string;
  /** Right side of the foot: train and parameters. */
  readonly provenance: string;
  /** Shown over the picture: loading, errors. */
  readonly children?: ReactNode;
  readonly testId: string;
}

const ZOOM_STEP = 1.0015;
const GAP: readonly [number, number, number] = [0x0b / 255, 0x0f / 255, 0x14 / 255];

/** Image with levels, colours, zoom, pan, read-out and one ROI. Keys: L levels, K lock, G log, F fit, 1 ROI, arrows move it. */
export function ImageView({ image, unit, roi, onRoi, centre, describe, provenance, children, testId }: ImageViewProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const layer = useRef<ImageLayer | null>(null);
  const [map, setMap] = useState<ColourMap>('viridis');
  const [scale, setScale] = useState<Scale>('lin');
  const [levels, setLevels] = useState<Levels | null>(null);
  const [isLocked, setLocked] = useState(true);
  const [view, setView] = useState<View | null>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [pointer, setPointer] = useState<{ x: number; y: number } | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const drag = useRef<{ x: number; y: number; view: View } | null>(null);
  const [height, width] = image?.shape ?? [0, 0];

  const fitted = useMemo<View>(() => {
    const zoom = Math.min(size.width / width, size.height / height) * 0.98 || 1;
    return { zoom, left: (size.width - width * zoom) / 2, bottom: (size.height + height * zoom) / 2 };
  }, [size, width, height]);
  const shown = view ?? fitted;
  const range = levels ?? { low: 0, high: 1 };

  useEffect(() => {
    const [element, surface] = [box.current, canvas.current];
    if (!element || !surface) return;
    try {
      layer.current = new ImageLayer(surface);
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
      return;
    }
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    // React's own wheel listeners are passive; zooming must not scroll the page.
    const onWheel = (event: WheelEvent) => event.preventDefault();
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener('wheel', onWheel);
      layer.current?.dispose();
      layer.current = null;
    };
  }, []);

  useEffect(() => layer.current?.setColours(colourTable(map)), [map]);

  useEffect(() => {
    if (!image) return;
    layer.current?.setImage(image.data, image.shape[1], image.shape[0]);
    // Levels once from the first picture, then locked: a picture whose colours jump cannot be read.
    setLevels((old) => (old && isLocked ? old : autoLevels(image.data)));
  }, [image, isLocked]);

  useEffect(() => layer.current?.draw(shown, range, scale, GAP));

  const autoLevel = () => image && setLevels(autoLevels(image.data));
  const toPixel = (event: { clientX: number; clientY: number }) => {
    const rectangle = box.current?.getBoundingClientRect();
    const [x, y] = [event.clientX - (rectangle?.left ?? 0), event.clientY - (rectangle?.top ?? 0)];
    return {
      x: Math.floor((x - shown.left) / shown.zoom),
      y: Math.floor((shown.bottom - y) / shown.zoom),
      screenX: x,
      screenY: y,
    };
  };

  const onWheel = (event: React.WheelEvent) => {
    const { screenX, screenY } = toPixel(event);
    const zoom = Math.min(64, Math.max(fitted.zoom / 4, shown.zoom * ZOOM_STEP ** -event.deltaY));
    const ratio = zoom / shown.zoom;
    setView({
      zoom,
      left: screenX - (screenX - shown.left) * ratio,
      bottom: screenY - (screenY - shown.bottom) * ratio,
    });
  };
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    drag.current = { x: event.clientX, y: event.clientY, view: shown };
    box.current?.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent) => {
    const pixel = toPixel(event);
    setPointer(pixel.x >= 0 && pixel.y >= 0 && pixel.x < width && pixel.y < height ? pixel : null);
    if (!drag.current) return;
    const { x, y, view: start } = drag.current;
    setView({ ...start, left: start.left + event.clientX - x, bottom: start.bottom + event.clientY - y });
  };

  const onKey = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey) return;
    const step = event.shiftKey ? 10 : 1;
    const moves: Record<string, readonly [number, number]> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, step],
      ArrowDown: [0, -step],
    };
    const move = moves[event.key];
    if (move && roi?.isOn && onRoi) {
      const [dx, dy] = move;
      onRoi(
        event.altKey
          ? { ...roi, width: Math.max(1, roi.width + dx), height: Math.max(1, roi.height + dy) }
          : { ...roi, x: roi.x + dx, y: roi.y + dy },
      );
    } else if (event.key === 'l') autoLevel();
    else if (event.key === 'k') setLocked(!isLocked);
    else if (event.key === 'g') setScale(scale === 'log' ? 'lin' : 'log');
    else if (event.key === 'f' || event.key === 'r') setView(null);
    else if (event.key === '1' && roi && onRoi) onRoi({ ...roi, isOn: !roi.isOn });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const value = pointer && image ? image.data[pointer.y * width + pointer.x] : Number.NaN;
  const screen = (x: number, y: number) => [shown.left + x * shown.zoom, shown.bottom - y * shown.zoom] as const;
  const savePng = () => canvas.current?.toBlob((blob) => blob && download(blob, `${testId}.png`));
  const saveNpy = () =>
    image && download(new Blob([npyHeader(image.shape), image.data as Float32Array<ArrayBuffer>]), `${testId}.npy`);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys act on the focused picture inside
    <div style={{ display: 'flex', flexDirection: 'column', flex: 1, minHeight: 0 }} onKeyDown={onKey}>
      <div className="ptool">
        <select
          className="selct"
          aria-label="Colour map"
          value={map}
          onChange={(event) => setMap(event.target.value as ColourMap)}
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
              onClick={() => setScale(name)}
            >
              {name}
            </button>
          ))}
        </span>
        <button type="button" className="btn" onClick={autoLevel}>
          Auto level <kbd>L</kbd>
        </button>
        <button
          type="button"
          className={`btn ${isLocked ? 'on' : ''}`}
          aria-pressed={isLocked}
          onClick={() => setLocked(!isLocked)}
          title="Keep the levels when trains change"
        >
          {isLocked ? 'Locked' : 'Follows'} <kbd>K</kbd>
        </button>
        <span className="sp" />
        <button type="button" className="btn w" onClick={savePng}>
          PNG
        </button>
        <button type="button" className="btn w" onClick={saveNpy} disabled={!image}>
          npy
        </button>
      </div>
      <div className="pbody">
        <div className="imgwrap">
          <div
            ref={box}
            className="image"
            role="application"
            aria-label="Detector image"
            onWheel={onWheel}
            onPointerDown={onPointerDown}
            onPointerMove={onPointerMove}
            onPointerUp={() => {
              drag.current = null;
            }}
            onPointerLeave={() => setPointer(null)}
            onDoubleClick={() => setView(null)}
            style={{ position: 'relative', inset: 'auto' }}
          >
            <canvas ref={canvas} data-testid={testId} />
            <svg aria-hidden="true">
              {centre && image && <path d={cross(...screen(centre[0], centre[1]))} stroke="#fff" strokeWidth="1.2" />}
              {roi?.isOn && onRoi && image && (
                <RoiBox roi={roi} zoom={shown.zoom} toScreen={screen} onChange={(next) => onRoi({ ...roi, ...next })} />
              )}
            </svg>
            {fault && (
              <div className="state on-well">
                <h2>No picture</h2>
                <p>{fault}</p>
              </div>
            )}
            {children}
          </div>
          <div>
            <ColourBar image={image?.data ?? null} levels={range} map={map} unit={unit} onLevels={setLevels} />
          </div>
        </div>
      </div>
      <div className="pfoot">
        <span className="grow el" data-testid={`${testId}-readout`}>
          {pointer
            ? `x ${pointer.x}  y ${pointer.y}  ${Number.isNaN(value) ? 'no value' : `${value.toPrecision(4)} ${unit}`}  ${describe?.(pointer.x, pointer.y) ?? ''}`
            : 'point at a pixel'}
        </span>
        <span className="prov">{provenance}</span>
      </div>
    </div>
  );
}

const cross = (x: number, y: number) => `M${x - 7} ${y}H${x + 7}M${x} ${y - 7}V${y + 7}`;

function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** Header of a float32 array file. @source numpy .npy format 1.0 */
function npyHeader(shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = new Uint8Array(10 + length).fill(0x20);
  header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 0xff, length >> 8]);
  header.set(new TextEncoder().encode(text), 10);
  header[header.length - 1] = 0x0a;
  return header;
}
