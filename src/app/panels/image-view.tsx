import { type PointerEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { Roi } from '../../core/roi.ts';
import { colourTable } from '../../display/colormap.ts';
import type { ImageView as View } from '../../display/image-painter.ts';
import { openPainter } from '../../display/open-painter.ts';
import { type PixelLattice, pixelAt, pixelMiddle } from '../../display/pixel-lattice.ts';
import { useKeys } from '../keyboard.ts';
import { usePainterSurface, wheelRatio, zoomedAround } from '../painter-surface.ts';
import { usePictureLook } from '../picture-look.ts';
import { npyFile, saveFile } from '../save-file.ts';
import { useSlow } from '../slow-value.ts';
import { useStable } from '../stable-callback.ts';
import { ColourBar } from './colour-bar.tsx';
import { ImageOverlay, type PictureRing } from './image-overlay.tsx';
import { ImageReadout, ImageTip } from './image-readout.tsx';
import { ImageToolbar } from './image-toolbar.tsx';

/** A region of a picture. */
export type ImageRoi = Roi & { readonly isOn: boolean };

/** A picture with everything a scientist does with one. */
export interface ImageViewProps {
  /** (height, width), row 0 at the bottom; null while there is none. */
  readonly image: { readonly data: Float32Array; readonly shape: readonly number[] } | null;
  /** Unit of the values; with another one the levels are found anew. */
  readonly unit: string;
  /** What it is a picture of: with something else the levels are found and the view is fitted anew. */
  readonly subject?: string | number;
  /** Where the detector's pixels really lie: those without value are hatched. Without it pixels are squares, and all else is gap. */
  readonly lattice?: PixelLattice | null;
  readonly roi?: ImageRoi | null;
  /** Changes the region; the change is made of the newest one, which may not have been drawn yet. */
  readonly onRoi?: (change: (roi: ImageRoi) => ImageRoi) => void;
  /** Beam centre, (x, y) in pixels. */
  readonly centre?: readonly [number, number];
  /** Ring around the beam centre, radius along x in pixels. */
  readonly ring?: PictureRing | null;
  /** Words about a pixel beside its value: label and text of q, module and the like. */
  readonly describe?: (x: number, y: number) => readonly (readonly [string, string])[];
  /** Right side of the foot: train and parameters. */
  readonly provenance: string;
  /** Start of the names of saved files. */
  readonly fileName: string;
  /** Shown over the picture: loading, errors. */
  readonly children?: ReactNode;
  readonly testId: string;
}

const LARGEST_ZOOM = 64;
/** Room for the axes beside a picture, px; none on a small one, where the picture needs it. */
const AXES = { left: 38, bottom: 22 };
const NO_AXES = { left: 0, bottom: 0 };
const SMALLEST_WITH_AXES = 640;
const GAP: readonly [number, number, number] = [0x0b / 255, 0x0f / 255, 0x14 / 255];
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** Image with levels, colours, zoom, pan, read-out and one ROI. Keys: L levels, K lock, G log, C crosshair, F fit, R reset, 1 ROI, arrows move it. */
export function ImageView(props: ImageViewProps) {
  const { image, unit, roi, onRoi, centre, ring, describe, provenance, fileName, children, testId } = props;
  const { box, canvas, painter: layer, size, fault } = usePainterSurface(openPainter);
  const look = usePictureLook(image, `${unit} ${props.subject ?? ''}`);
  const { map, scale, levels, isLocked, setMap, setScale, setLevels, autoLevel, toggleLock } = look;
  const [hasCrosshair, setCrosshair] = useState(false);
  const [view, setView] = useState<View | null>(null);
  const [pointer, setPointer] = useState<{ x: number; y: number } | null>(null);
  const drag = useRef<{ x: number; y: number; view: View } | null>(null);
  const slowImage = useSlow(image);
  const [height, width] = image?.shape ?? [0, 0];
  // For a moment a picture may come before its geometry.
  const lattice = props.lattice?.kinds.length === width * height ? props.lattice : null;
  const aspect = lattice?.aspect ?? 1;
  const margin = size.width >= SMALLEST_WITH_AXES ? AXES : NO_AXES;

  const fitted = useMemo<View>(() => {
    const [roomX, roomY] = [size.width - margin.left, size.height - margin.bottom];
    const zoom = Math.min(roomX / width, roomY / (aspect * height)) * 0.985 || 1;
    return { zoom, left: margin.left + (roomX - width * zoom) / 2, bottom: (roomY + height * aspect * zoom) / 2 };
  }, [size, width, height, aspect, margin]);
  const viewed = useRef('');
  const viewKey = image ? `${width} ${height} ${props.subject ?? ''}` : '';
  useEffect(() => {
    // While a picture is loaded there is none, and the view stays.
    if (viewKey === '') return;
    if (viewed.current !== '' && viewed.current !== viewKey) setView(null);
    viewed.current = viewKey;
  }, [viewKey]);
  const shown = view ?? fitted;

  // `fault` is a dependency of these: a restored context has lost its textures.
  useEffect(() => layer.current?.setColours(colourTable(map)), [map, fault]);
  useEffect(() => layer.current?.setLattice(lattice), [lattice, fault]);
  useEffect(() => {
    if (!image) return;
    layer.current?.setImage(image.data, image.shape[1], image.shape[0]);
  }, [image, fault]);
  useEffect(
    () => layer.current?.draw(shown, levels, scale, GAP),
    [image, shown, levels, scale, map, lattice, size, fault],
  );

  const toPixel = (event: { clientX: number; clientY: number }) => {
    const rectangle = box.current?.getBoundingClientRect();
    const [screenX, screenY] = [event.clientX - (rectangle?.left ?? 0), event.clientY - (rectangle?.top ?? 0)];
    const [x, y] = [(screenX - shown.left) / shown.zoom, (shown.bottom - screenY) / (shown.zoom * aspect)];
    return { pixel: pixelUnder(lattice, x, y, width, height), screenX, screenY };
  };
  const onWheel = (event: React.WheelEvent) => {
    const { screenX, screenY } = toPixel(event);
    const ratio = wheelRatio(shown.zoom, event.deltaY, [fitted.zoom / 4, LARGEST_ZOOM]);
    setView({
      zoom: shown.zoom * ratio,
      left: zoomedAround(shown.left, screenX, ratio),
      bottom: zoomedAround(shown.bottom, screenY, ratio),
    });
  };
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    drag.current = { x: event.clientX, y: event.clientY, view: shown };
    box.current?.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent) => {
    setPointer(toPixel(event).pixel);
    if (!drag.current) return;
    const { x, y, view: start } = drag.current;
    setView({ ...start, left: start.left + event.clientX - x, bottom: start.bottom + event.clientY - y });
  };

  // The same functions for ever, so that a new train draws neither the toolbar nor the bar again.
  const toggleCrosshair = useStable(() => setCrosshair(!hasCrosshair));
  const fit = useStable(() => setView(null));
  const reset = useStable(() => {
    setView(null);
    look.reset();
  });
  const savePng = useStable(() => {
    // The drawing buffer is gone after the browser has shown it: draw and take in one go.
    layer.current?.draw(shown, levels, scale, GAP);
    canvas.current?.toBlob((blob) => blob && saveFile(blob, `${fileName}.png`));
  });
  const saveNpy = useStable(() => image && saveFile(npyFile(image.data, image.shape), `${fileName}.npy`));
  const changeRoi = useStable((next: Roi) => onRoi?.((now) => ({ ...now, ...next })));

  useKeys((event) => {
    const arrow = ARROWS[event.key];
    if (arrow && roi?.isOn && onRoi) {
      const step = event.shiftKey ? 10 : 1;
      const [dx, dy] = [arrow[0] * step, arrow[1] * step];
      onRoi((now) =>
        event.altKey
          ? { ...now, width: Math.max(1, now.width + dx), height: Math.max(1, now.height + dy) }
          : { ...now, x: now.x + dx, y: now.y + dy },
      );
      return true;
    }
    if (event.altKey) return false;
    const key = event.key.toLowerCase();
    if (look.onKey(key)) return true;
    if (key === 'c') toggleCrosshair();
    else if (key === 'f') fit();
    else if (key === 'r') reset();
    else if (key === '1' && onRoi) onRoi((now) => ({ ...now, isOn: !now.isOn }));
    else return false;
    return true;
  });

  const value = pointer && slowImage ? slowImage.data[pointer.y * slowImage.shape[1] + pointer.x] : null;
  const facts = pointer ? (describe?.(pointer.x, pointer.y) ?? []) : [];
  const middle = pointer && pixelMiddle(lattice, pointer.x, pointer.y);
  const screenPointer = middle && {
    x: shown.left + middle[0] * shown.zoom,
    y: shown.bottom - middle[1] * shown.zoom * aspect,
  };

  return (
    <>
      <ImageToolbar
        map={map}
        onMap={setMap}
        scale={scale}
        onScale={setScale}
        isLocked={isLocked}
        onLock={toggleLock}
        hasCrosshair={hasCrosshair}
        onCrosshair={toggleCrosshair}
        onAutoLevel={autoLevel}
        onFit={fit}
        onPng={savePng}
        onNpy={saveNpy}
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
            onDoubleClick={fit}
          >
            <canvas ref={canvas} data-testid={testId} />
            {width > 0 && (
              <ImageOverlay
                view={shown}
                aspect={aspect}
                size={size}
                hasAxes={margin === AXES}
                centre={centre}
                ring={ring ?? null}
                roi={roi?.isOn && onRoi ? roi : null}
                onRoi={changeRoi}
                crosshair={hasCrosshair ? screenPointer : null}
              />
            )}
            {hasCrosshair && pointer && screenPointer && (
              <ImageTip at={screenPointer} size={size} pixel={pointer} value={value} unit={unit} facts={facts} />
            )}
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
              image={slowImage?.data ?? null}
              levels={levels}
              scale={scale}
              map={map}
              unit={unit}
              onLevels={setLevels}
            />
          </div>
        </div>
      </div>
      <div className="pfoot">
        <ImageReadout pixel={pointer} value={value} unit={unit} facts={facts} testId={`${testId}-readout`} />
        <span className="prov">{provenance}</span>
      </div>
    </>
  );
}

/** The pixel at a place of a picture, or the gap's; null beside the picture and in the notches of interlocking rows. */
function pixelUnder(
  lattice: PixelLattice | null,
  x: number,
  y: number,
  width: number,
  height: number,
): { readonly x: number; readonly y: number } | null {
  const at = lattice && lattice.shift !== 0 ? pixelAt(lattice, x, y) : -1;
  if (at >= 0) return { x: at % width, y: Math.floor(at / width) };
  const cell = { x: Math.floor(x), y: Math.floor(y) };
  if (cell.x < 0 || cell.y < 0 || cell.x >= width || cell.y >= height) return null;
  const isNotch = lattice && lattice.shift !== 0 && lattice.kinds[cell.y * width + cell.x] !== 0;
  return isNotch ? null : cell;
}
