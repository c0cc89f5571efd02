import { type PointerEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { Roi } from '../../core/roi.ts';
import { type ColourMap, colourTable } from '../../display/colormap.ts';
import { ImageLayer, type ImageView as View } from '../../display/image-layer.ts';
import { autoLevels, type Levels } from '../../display/levels.ts';
import type { Scale } from '../../display/scale.ts';
import { useKeys } from '../keyboard.ts';
import { valueText } from '../number-text.ts';
import { npyFile, saveFile } from '../save-file.ts';
import { ColourBar } from './colour-bar.tsx';
import { ImageToolbar } from './image-toolbar.tsx';
import { RoiBox } from './roi-box.tsx';

/** A picture with everything a scientist does with one. */
export interface ImageViewProps {
  /** (height, width), row 0 at the bottom; null while there is none. */
  readonly image: { readonly data: Float32Array; readonly shape: readonly number[] } | null;
  readonly unit: string;
  /** Pixels of the detector, see tileMask: those without value are hatched; null when it is not known. */
  readonly inside?: Uint8Array | null;
  readonly roi?: (Roi & { readonly isOn: boolean }) | null;
  readonly onRoi?: (roi: Roi & { isOn: boolean }) => void;
  /** Beam centre, (x, y) in pixels. */
  readonly centre?: readonly [number, number];
  /** Ring around the beam centre, radius in pixels. */
  readonly ring?: { readonly radius: number; readonly label: string } | null;
  /** Words about a pixel beside its value: q, module. */
  readonly describe?: (x: number, y: number) => string;
  /** Right side of the foot: train and parameters. */
  readonly provenance: string;
  /** Start of the names of saved files. */
  readonly fileName: string;
  /** Shown over the picture: loading, errors. */
  readonly children?: ReactNode;
  readonly testId: string;
}

const ZOOM_STEP = 1.0015;
const LARGEST_ZOOM = 64;
const GAP: readonly [number, number, number] = [0x0b / 255, 0x0f / 255, 0x14 / 255];
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** Image with levels, colours, zoom, pan, read-out and one ROI. Keys: L levels, K lock, G log, F fit, 1 ROI, arrows move it. */
export function ImageView(props: ImageViewProps) {
  const { image, unit, inside, roi, onRoi, centre, ring, describe, provenance, fileName, children, testId } = props;
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
  const range = useMemo(() => levels ?? { low: 0, high: 1 }, [levels]);

  useEffect(() => {
    const [element, surface] = [box.current, canvas.current];
    if (!element || !surface) return;
    const open = () => {
      try {
        layer.current = new ImageLayer(surface);
        setFault(null);
      } catch (error) {
        setFault(error instanceof Error ? error.message : String(error));
      }
    };
    open();
    const onLost = (event: Event) => {
      event.preventDefault();
      layer.current = null;
      setFault('The graphics driver dropped the picture. It comes back by itself, or after a reload.');
    };
    surface.addEventListener('webglcontextlost', onLost);
    surface.addEventListener('webglcontextrestored', open);
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
      surface.removeEventListener('webglcontextlost', onLost);
      surface.removeEventListener('webglcontextrestored', open);
      layer.current?.dispose();
      layer.current = null;
    };
  }, []);

  // `fault` is a dependency of these three: a restored context has lost its textures.
  useEffect(() => layer.current?.setColours(colourTable(map)), [map, fault]);
  useEffect(
    () => layer.current?.setInside(inside?.length === width * height ? inside : null, width, height),
    [inside, width, height, fault],
  );
  useEffect(() => {
    if (!image) return;
    layer.current?.setImage(image.data, image.shape[1], image.shape[0]);
    // Levels once from the first picture, then locked: a picture whose colours jump cannot be read.
    setLevels((old) => (old && isLocked ? old : autoLevels(image.data)));
  }, [image, isLocked, fault]);
  useEffect(
    () => layer.current?.draw(shown, range, scale, GAP),
    [image, shown, range, scale, map, inside, size, fault],
  );

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
    const zoom = Math.min(LARGEST_ZOOM, Math.max(fitted.zoom / 4, shown.zoom * ZOOM_STEP ** -event.deltaY));
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

  useKeys((event) => {
    const arrow = ARROWS[event.key];
    if (arrow && roi?.isOn && onRoi) {
      const step = event.shiftKey ? 10 : 1;
      const [dx, dy] = [arrow[0] * step, arrow[1] * step];
      onRoi(
        event.altKey
          ? { ...roi, width: Math.max(1, roi.width + dx), height: Math.max(1, roi.height + dy) }
          : { ...roi, x: roi.x + dx, y: roi.y + dy },
      );
      return true;
    }
    if (event.altKey) return false;
    const key = event.key.toLowerCase();
    if (key === 'l') autoLevel();
    else if (key === 'k') setLocked(!isLocked);
    else if (key === 'g') setScale(scale === 'log' ? 'lin' : 'log');
    else if (key === 'f') setView(null);
    else if (key === '1' && roi && onRoi) onRoi({ ...roi, isOn: !roi.isOn });
    else return false;
    return true;
  });

  const value = pointer && image ? image.data[pointer.y * width + pointer.x] : Number.NaN;
  const screen = (x: number, y: number) => [shown.left + x * shown.zoom, shown.bottom - y * shown.zoom] as const;

  return (
    <div className="image-view">
      <ImageToolbar
        map={map}
        onMap={setMap}
        scale={scale}
        onScale={setScale}
        isLocked={isLocked}
        onLock={() => setLocked(!isLocked)}
        onAutoLevel={autoLevel}
        onFit={() => setView(null)}
        onPng={() => canvas.current?.toBlob((blob) => blob && saveFile(blob, `${fileName}.png`))}
        onNpy={() => image && saveFile(npyFile(image.data, image.shape), `${fileName}.npy`)}
        hasImage={image !== null}
      />
      <div className="pbody">
        <div className="imgwrap">
          <div
            ref={box}
            className="image"
            role="img"
            aria-label="Detector image"
            onWheel={onWheel}
            onPointerDown={onPointerDown}
            onPointerMove={onPointerMove}
            onPointerUp={() => {
              drag.current = null;
            }}
            onPointerLeave={() => setPointer(null)}
            onDoubleClick={() => setView(null)}
          >
            <canvas ref={canvas} data-testid={testId} />
            <svg aria-hidden="true">
              {centre && ring && image && (
                <Ring at={screen(...centre)} radius={ring.radius * shown.zoom} label={ring.label} />
              )}
              {centre && image && <path className="beam" d={cross(...screen(...centre))} />}
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
            <ColourBar
              image={image?.data ?? null}
              levels={range}
              scale={scale}
              map={map}
              unit={unit}
              onLevels={setLevels}
            />
          </div>
        </div>
      </div>
      <div className="pfoot">
        <span className="grow el" data-testid={`${testId}-readout`}>
          {pointer
            ? `x ${pointer.x}  y ${pointer.y}  ${Number.isNaN(value) ? 'no value' : `${valueText(value)} ${unit}`}  ${describe?.(pointer.x, pointer.y) ?? ''}`
            : 'point at a pixel'}
        </span>
        <span className="prov">{provenance}</span>
      </div>
    </div>
  );
}

const cross = (x: number, y: number) => `M${x - 7} ${y}H${x + 7}M${x} ${y - 7}V${y + 7}`;

interface RingProps {
  readonly at: readonly [number, number];
  readonly radius: number;
  readonly label: string;
}

/** Dotted ring with its label on a dark plate. */
function Ring({ at: [x, y], radius, label }: RingProps) {
  if (!(radius > 0)) return null;
  const [labelX, labelY] = [x - radius * Math.SQRT1_2, y - radius * Math.SQRT1_2];
  const width = 6.2 * label.length + 10;
  return (
    <g data-testid="ring">
      <circle cx={x} cy={y} r={radius} fill="none" stroke="#fff" strokeWidth="1.3" strokeDasharray="2 4" />
      <rect x={labelX - width / 2} y={labelY - 9} width={width} height={18} rx={3} fill="#05070ad9" />
      <text x={labelX} y={labelY + 4} textAnchor="middle" fontSize="11" fill="#fff">
        {label}
      </text>
    </g>
  );
}
