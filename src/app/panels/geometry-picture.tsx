import { type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { calibrantByName, calibrantRings } from '../../detector/powder/calibrant.ts';
import { ringOutline } from '../../detector/powder/ring-outline.ts';
import { middleOfPart, partsOf } from '../../detector/refinement/detector-part.ts';
import { pixelAt } from '../../detector/tile-place.ts';
import { colourTable } from '../../display/colormap.ts';
import { openTilePainter } from '../../display/open-painter.ts';
import type { TileView } from '../../display/tile-painter.ts';
import { useMask } from '../analysis/mask-store.ts';
import { readLevels, useGeometryPage } from '../geometry/geometry-address.ts';
import { moreMoves } from '../geometry/geometry-document.ts';
import { useGeometryLook } from '../geometry/geometry-look.ts';
import { type ModulePicture, useGeometry } from '../geometry/geometry-store.ts';
import { isOnLine } from '../geometry/helper-line.ts';
import { moveText, partLabel, partOfTile } from '../geometry/move-selected.ts';
import { type Place, usePictureTool } from '../geometry/picture-tool.ts';
import { boxOfTiles, placedTiles } from '../geometry/placed-tiles.ts';
import { useKeys } from '../keyboard.ts';
import { usePainterSurface, wheelRatio, zoomedAround } from '../painter-surface.ts';
import { usePictureLook } from '../picture-look.ts';
import { npyFile, saveFile } from '../save-file.ts';
import { useStable } from '../stable-callback.ts';
import { noteTileDraw } from '../test-probe.ts';
import { ColourBar } from './colour-bar.tsx';
import { type DrawnArrow, type DrawnRing, GeometryOverlay } from './geometry-overlay.tsx';
import { GeometryReadout } from './geometry-readout.tsx';
import { GeometryToggles } from './geometry-toggles.tsx';
import { ImageToolbar } from './image-toolbar.tsx';
import { QueryState } from './query-state.tsx';

const GAP: readonly [number, number, number] = [0x0b / 255, 0x0f / 255, 0x14 / 255];
const MAGMA = { map: 'magma', scale: 'sqrt' } as const;
/** A press that moves less is a click, px. */
const CLICK_PX = 4;
/** CSS pixels for a pixel of the detector, at most. */
const LARGEST_ZOOM = 64;

type Gesture =
  | { readonly kind: 'pan'; readonly x: number; readonly y: number; readonly view: TileView; isClick: boolean }
  | { readonly kind: 'move'; readonly start: Place; readonly number: number; readonly undo: boolean }
  | {
      readonly kind: 'helper';
      readonly start: Place;
      readonly id: number;
      readonly centre: Place;
      readonly number: number;
    }
  | { readonly kind: 'tool' };

/** Picture without the pixels that a mask excludes; the same object while neither changes. */
function useMasked(picture: ModulePicture | null, mask: Uint8Array | null): ModulePicture | null {
  return useMemo(() => {
    if (!picture || !mask || mask.length !== picture.data.length) return picture;
    const data = picture.data.slice();
    for (let i = 0; i < data.length; i++) if (mask[i] !== 0) data[i] = Number.NaN;
    return { ...picture, data };
  }, [picture, mask]);
}

/** The assembled picture, in which parts are selected and moved. */
export function GeometryPicture() {
  const page = useGeometryPage();
  const mask = useGeometry((store) => store.mask);
  const isSeenThrough = useMask((state) => state.isTransparent);
  const picture = useMasked(
    useGeometry((store) => store.picture),
    isSeenThrough ? null : mask,
  );
  const document = useGeometry((store) => store.document);
  const moved = useGeometry((store) => store.geometry);
  const selection = useGeometry((store) => store.selection);
  const proposal = useGeometry((store) => store.proposal);
  const version = useGeometry((store) => store.version);
  const isSaved = useGeometry((store) => store.version === store.savedVersion);
  const look = useGeometryLook();
  const { tool, shapes } = usePictureTool();
  const geometry = look.isBefore && document ? document.start : moved;
  const { box, canvas, painter, size, fault } = usePainterSurface(openTilePainter);
  const [first] = useState(() => ({ ...MAGMA, levels: readLevels(new URLSearchParams(window.location.search)) }));
  const colours = usePictureLook(picture, picture?.unit ?? '', first);
  const { map, scale, levels } = colours;
  const [view, setView] = useState<Omit<TileView, 'isFront'> | null>(null);
  const [hasCrosshair, setCrosshair] = useState(false);
  const [pointer, setPointer] = useState<{ readonly x: number; readonly y: number } | null>(null);
  const gesture = useRef<Gesture | null>(null);
  const gestures = useRef(0);
  const start = document?.start ?? null;
  const fits = picture !== null && geometry !== null && picture.data.length === pixelsOf(geometry.detector.dataShape);

  // Of the geometry as it was loaded: a picture that fits itself anew with every move runs away under the hand.
  const whole = useMemo(() => {
    if (!start) return null;
    return boxOfTiles(
      start,
      Array.from({ length: start.tiles.length / 9 }, (_, index) => index),
    );
  }, [start]);
  const fitted = useMemo(() => {
    if (!whole || size.width === 0) return { originX: 0, originY: 0, zoom: 1 };
    const zoom = 0.96 * Math.min(size.width / (whole.right - whole.left), size.height / (whole.high - whole.low));
    const middle = ((whole.left + whole.right) / 2) * (look.isFront ? -1 : 1);
    return {
      originX: size.width / 2 - middle * zoom,
      originY: size.height / 2 + ((whole.low + whole.high) / 2) * zoom,
      zoom,
    };
  }, [whole, size, look.isFront]);
  const shown = useMemo<TileView>(() => ({ ...(view ?? fitted), isFront: look.isFront }), [view, fitted, look.isFront]);

  // `fault` is a dependency of these: a restored context has lost its textures.
  useEffect(() => painter.current?.setColours(colourTable(map)), [painter, map, fault]);
  useEffect(() => {
    if (!picture || !fits) return;
    const [modules, ss, fs] = picture.shape;
    painter.current?.setStack(picture.data, modules * ss, fs);
  }, [painter, picture, fits, fault]);
  useEffect(() => {
    if (geometry) painter.current?.setTiles(placedTiles(geometry), geometry.detector.pixel.oddRowShift);
  }, [painter, geometry, fault]);
  useEffect(() => {
    if (!painter.current || !geometry) return;
    painter.current.draw(shown, levels, scale, GAP);
    noteTileDraw();
  }, [painter, picture, geometry, shown, levels, scale, map, size, fault]);

  const toScreenPlace = (event: { clientX: number; clientY: number }) => {
    const rectangle = box.current?.getBoundingClientRect();
    return { x: event.clientX - (rectangle?.left ?? 0), y: event.clientY - (rectangle?.top ?? 0) };
  };
  const toPlace = ({ x, y }: { readonly x: number; readonly y: number }): Place => [
    ((look.isFront ? -1 : 1) * (x - shown.originX)) / shown.zoom,
    (shown.originY - y) / shown.zoom,
  ];
  const hitPart = (place: Place): number | null => {
    const pixel = geometry && pixelAt(geometry, ...place);
    return pixel && geometry ? partOfTile(geometry.detector, selection.level, pixel.module, pixel.tile) : null;
  };
  const onWheel = (event: React.WheelEvent) => {
    const at = toScreenPlace(event);
    const largest = LARGEST_ZOOM / (start?.detector.pixelSize ?? 1e-4);
    const ratio = wheelRatio(shown.zoom, event.deltaY, [fitted.zoom / 4, largest]);
    setView({
      zoom: shown.zoom * ratio,
      originX: zoomedAround(shown.originX, at.x, ratio),
      originY: zoomedAround(shown.originY, at.y, ratio),
    });
  };
  const onPointerDown = (event: PointerEvent) => {
    if (event.button > 1) return;
    box.current?.setPointerCapture(event.pointerId);
    const at = toScreenPlace(event);
    const place = toPlace(at);
    const isPan = event.button === 1 || event.shiftKey;
    const helper = document?.helpers.find((each) => each.id === look.helper);
    if (tool && !isPan) {
      tool.onDown?.(place);
      gesture.current = { kind: 'tool' };
    } else if (helper && !isPan && isOnLine(helper, place, 6 / shown.zoom)) {
      gesture.current = {
        kind: 'helper',
        start: place,
        id: helper.id,
        centre: helper.centre,
        number: ++gestures.current,
      };
    } else if (!isPan && !look.isBefore && selection.part !== null && hitPart(place) === selection.part) {
      gesture.current = { kind: 'move', start: place, number: ++gestures.current, undo: false };
    } else gesture.current = { kind: 'pan', ...at, view: shown, isClick: !isPan };
  };
  const onPointerMove = (event: PointerEvent) => {
    const at = toScreenPlace(event);
    const place = toPlace(at);
    useGeometry.getState().setPointer({ x: place[0], y: place[1] });
    setPointer(hasCrosshair ? at : null);
    const now = gesture.current;
    if (!now) {
      tool?.onMove?.(place, false);
      return;
    }
    if (now.kind === 'tool') tool?.onMove?.(place, true);
    else if (now.kind === 'pan') {
      if (Math.hypot(at.x - now.x, at.y - now.y) >= CLICK_PX) now.isClick = false;
      if (!now.isClick)
        setView({ ...now.view, originX: now.view.originX + at.x - now.x, originY: now.view.originY + at.y - now.y });
    } else if (now.kind === 'helper') dragHelper(now, place);
    else dragPart(now, place);
  };
  const moveStart = useRef<{ readonly number: number; readonly moves: NonNullable<typeof document>['moves'] } | null>(
    null,
  );
  const dragPart = (now: Gesture & { kind: 'move' }, place: Place) => {
    const { document: newest, edit } = useGeometry.getState();
    if (!newest || selection.part === null) return;
    if (moveStart.current?.number !== now.number) {
      const far = Math.hypot(place[0] - now.start[0], place[1] - now.start[1]) * shown.zoom;
      if (far < CLICK_PX) return;
      moveStart.current = { number: now.number, moves: newest.moves };
    }
    const { level, part } = selection;
    const move = { shift: [place[0] - now.start[0], place[1] - now.start[1], 0], angle: 0 } as const;
    const { detector } = newest.start;
    edit(
      { moves: moreMoves(moveStart.current.moves, level, new Map([[part, move]])) },
      moveText(partLabel(detector, level, part), move, detector.pixelSize),
      `gesture ${now.number}`,
    );
  };
  const dragHelper = (now: Gesture & { kind: 'helper' }, place: Place) => {
    const { document: newest, edit } = useGeometry.getState();
    if (!newest) return;
    const centre = [now.centre[0] + place[0] - now.start[0], now.centre[1] + place[1] - now.start[1]] as const;
    const helpers = newest.helpers.map((each) => (each.id === now.id ? { ...each, centre } : each));
    edit({ helpers }, 'helper moved', `gesture helper ${now.number}`);
  };
  const onPointerUp = (event: PointerEvent) => {
    const now = gesture.current;
    gesture.current = null;
    const place = toPlace(toScreenPlace(event));
    if (now?.kind === 'tool') tool?.onUp?.(place);
    if (now?.kind !== 'pan' || !now.isClick) return;
    useGeometry.getState().select({ level: selection.level, part: hitPart(place) });
  };
  const onDoubleClick = (event: React.MouseEvent) => {
    if (tool?.onDoubleClick) tool.onDoubleClick(toPlace(toScreenPlace(event)));
    else if (hitPart(toPlace(toScreenPlace(event))) === null) setView(null);
  };

  const fit = useStable(() => setView(null));
  const toggleCrosshair = useStable(() => setCrosshair(!hasCrosshair));
  const fileName = `${page.run ? `${page.run.proposal}-r${page.run.run}-` : ''}geometry`;
  const savePng = useStable(() => {
    painter.current?.draw(shown, levels, scale, GAP);
    canvas.current?.toBlob((blob) => blob && saveFile(blob, `${fileName}.png`));
  });
  const saveNpy = useStable(() => picture && saveFile(npyFile(picture.data, picture.shape), `${fileName}-modules.npy`));
  useKeys((event) => {
    if (event.altKey) return false;
    const key = event.key.toLowerCase();
    if (colours.onKey(key)) return true;
    if (key === 'escape' && gesture.current?.kind === 'move' && moveStart.current) {
      gesture.current = null;
      useGeometry.getState().undo();
    } else if (key === 'escape' && tool) usePictureTool.getState().setTool(null);
    else if (key === 'c') toggleCrosshair();
    else if (key === 'f') fit();
    else if (key === 'r') {
      fit();
      colours.reset();
    } else return false;
    return true;
  });

  const experiment = document?.experiment;
  const [calibrant, ringCount] = [document?.calibrant, document?.rings];
  const rings = useMemo<readonly DrawnRing[]>(() => {
    if (!experiment || !calibrant || !ringCount) return [];
    try {
      const found = calibrantRings(calibrantByName(calibrant), experiment.photonEnergyKeV, { count: ringCount });
      return found.map(({ label, twoTheta }) => ({ label, places: ringOutline(twoTheta, experiment) }));
    } catch {
      // The field beside the picture says what is wrong with it.
      return [];
    }
  }, [experiment, calibrant, ringCount]);
  const beam = useMemo(() => (experiment ? (ringOutline(0, experiment, 1)[0] ?? null) : null), [experiment]);
  const arrows = useMemo<readonly DrawnArrow[]>(() => {
    const to = proposal?.geometry ?? moved;
    const from = proposal ? moved : start;
    if (look.arrows === null || !from || !to) return [];
    const times = look.arrows;
    return partsOf(from.detector, selection.level === 'tile' ? 'tile' : 'module').map((part) => {
      const [x0, y0] = middleOfPart(from, part);
      const [x1, y1] = middleOfPart(to, part);
      return { from: [x0, y0], to: [x0 + times * (x1 - x0), y0 + times * (y1 - y0)] };
    });
  }, [start, moved, proposal, look.arrows, selection.level]);
  const pending = useMemo(() => {
    if (!look.pending || !geometry || look.pending.level !== selection.level) return null;
    const { level, part, move } = look.pending;
    const { detector } = geometry;
    const words = `pending: ${moveText('', move, detector.pixelSize).trim()}${directionText(move.shift, look.isFront)}`;
    return { part, move, words, level };
  }, [look.pending, look.isFront, geometry, selection.level]);

  return (
    <section className="pn" aria-label="Assembled picture">
      <ImageToolbar
        map={map}
        onMap={colours.setMap}
        scale={scale}
        onScale={colours.setScale}
        isLocked={colours.isLocked}
        onLock={colours.toggleLock}
        hasCrosshair={hasCrosshair}
        onCrosshair={toggleCrosshair}
        onAutoLevel={colours.autoLevel}
        onFit={fit}
        onPng={savePng}
        onNpy={saveNpy}
        hasImage={picture !== null}
      >
        <GeometryToggles />
      </ImageToolbar>
      <div className="pbody">
        <div className="imgwrap">
          <div
            ref={box}
            className={`image ${tool ? 'drawing' : ''}`}
            role="img"
            aria-label="Assembled detector image"
            onWheel={onWheel}
            onPointerDown={onPointerDown}
            onPointerMove={onPointerMove}
            onPointerUp={onPointerUp}
            onPointerLeave={() => {
              setPointer(null);
              useGeometry.getState().setPointer(null);
            }}
            onDoubleClick={onDoubleClick}
          >
            <canvas ref={canvas} data-testid="geometry-image" />
            {geometry && size.width > 0 && (
              <GeometryOverlay
                geometry={geometry}
                view={shown}
                size={size}
                hasFrames={look.hasFrames}
                hasLabels={look.hasLabels}
                level={selection.level}
                selected={selection.part}
                pending={pending}
                rings={look.hasRings ? rings : NO_RINGS}
                beam={beam}
                helpers={document?.helpers ?? NO_HELPERS}
                selectedHelper={look.helper}
                arrows={arrows}
                shapes={shapes}
                crosshair={pointer}
              />
            )}
            {tool && <div className="toolwords">{tool.words} · Esc ends</div>}
            {look.isBefore && <div className="toolwords">as it was loaded · B shows the moved geometry</div>}
            {fault && (
              <div className="state on-well">
                <h2>No picture</h2>
                <p>{fault}</p>
              </div>
            )}
            {geometry && picture && !fits && (
              <div className="state on-well">
                <h2>Picture and geometry are of different detectors</h2>
                <p>
                  The picture has modules {picture.shape.join(' x ')}, the geometry is of {geometry.detector.name} (
                  {geometry.detector.dataShape.join(' x ')}). Choose another run, or load its geometry.
                </p>
              </div>
            )}
            <div className={page.state.error || page.state.isLoading ? 'cover' : ''}>
              <QueryState {...page.state} onRetry={page.state.retry} />
              {page.state.isLoading && !page.state.error && page.choice.over !== 'one' && (
                <div className="state">
                  <p>
                    Reading frames of up to {page.choice.trains} trains. The first corrected frame of a proposal takes a
                    while: its constants are made from the dark runs.
                  </p>
                  <button type="button" className="btn" onClick={() => page.set({ over: 'one' })}>
                    Show one frame instead
                  </button>
                </div>
              )}
            </div>
          </div>
          <div>
            <ColourBar
              image={picture?.data ?? null}
              levels={levels}
              scale={scale}
              map={map}
              unit={picture?.unit ?? ''}
              onLevels={colours.setLevels}
            />
          </div>
        </div>
      </div>
      <div className="pfoot">
        <GeometryReadout picture={picture} geometry={geometry} rings={rings} />
        <span className="prov">
          <span className={isSaved ? '' : 'pend'}>
            {isSaved ? `geometry v${version}` : `geometry v${version}, not saved`}
          </span>
          {picture && ` · ${picture.provenance}`}
        </span>
      </div>
    </section>
  );
}

const NO_RINGS: readonly DrawnRing[] = [];
const NO_HELPERS: readonly never[] = [];

function pixelsOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** In which direction a shift goes on the screen. */
function directionText([x, y]: readonly number[], isFront: boolean): string {
  const right = isFront ? -x : x;
  const words = [right > 0 ? 'to the right' : right < 0 ? 'to the left' : '', y > 0 ? 'up' : y < 0 ? 'down' : ''];
  const text = words.filter((word) => word !== '').join(' and ');
  return text === '' ? '' : `, ${text}`;
}
