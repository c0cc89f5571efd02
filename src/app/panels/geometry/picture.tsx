import { useMemo, useState } from 'react';
import { openTilePainter } from '../../../display/open-painter.ts';
import { useMask } from '../../analysis/mask/mask-store.ts';
import { readLevels, useGeometryPage } from '../../geometry/geometry-address.ts';
import { useGeometryLook } from '../../geometry/geometry-look.ts';
import { type ModulePicture, useGeometry } from '../../geometry/geometry-store.ts';
import { usePartLift } from '../../geometry/lifted-part.ts';
import { usePictureDrawing } from '../../geometry/picture-drawing.ts';
import { type DrawnRing, usePictureLines } from '../../geometry/picture-lines.ts';
import { usePicturePointer } from '../../geometry/picture-pointer.ts';
import { usePictureTool } from '../../geometry/picture-tool.ts';
import { usePictureView } from '../../geometry/picture-view.ts';
import { useKeys } from '../../keyboard.ts';
import { usePainterSurface } from '../../painter-surface.ts';
import { usePictureLook } from '../../picture-look.ts';
import { npyFile, saveFile } from '../../save-file.ts';
import { useStable } from '../../stable-callback.ts';
import { ColourBar } from '../colour-bar.tsx';
import { ImageToolbar } from '../image-toolbar.tsx';
import { QueryState } from '../query-state.tsx';
import { GeometryLifted } from './lifted.tsx';
import { GeometryOverlay } from './overlay.tsx';
import { GeometryReadout } from './readout.tsx';
import { GeometryToggles } from './toggles.tsx';

const MAGMA = { map: 'magma', scale: 'sqrt' } as const;

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
  const version = useGeometry((store) => store.version);
  const isSaved = useGeometry((store) => store.version === store.savedVersion);
  const look = useGeometryLook();
  const { tool, shapes } = usePictureTool();
  const geometry = look.isBefore && document ? document.start : moved;
  const surface = usePainterSurface(openTilePainter);
  const { box, canvas, size, fault } = surface;
  const [first] = useState(() => ({ ...MAGMA, levels: readLevels(new URLSearchParams(window.location.search)) }));
  const colours = usePictureLook(picture, picture?.unit ?? '', first);
  const { map, scale, levels } = colours;
  const [hasCrosshair, setCrosshair] = useState(false);
  const view = usePictureView(document?.start ?? null, size, look.isFront);
  const fits = picture !== null && geometry !== null && picture.data.length === pixelsOf(geometry.detector.dataShape);
  const lift = usePartLift(!look.isBefore);
  const drawing = usePictureDrawing({
    ...{ surface, geometry, map, scale, levels, lift },
    ...{ picture: fits ? picture : null, view: view.shown },
  });
  const pointer = usePicturePointer(box, geometry, view, hasCrosshair, lift.putDown);
  const { rings, beam, arrows, pending } = usePictureLines();

  const fit = useStable(view.fit);
  const toggleCrosshair = useStable(() => setCrosshair(!hasCrosshair));
  const fileName = `${page.run ? `${page.run.proposal}-r${page.run.run}-` : ''}geometry`;
  const savePng = useStable(() => {
    lift.putDown();
    drawing.redraw();
    canvas.current?.toBlob((blob) => blob && saveFile(blob, `${fileName}.png`));
  });
  const saveNpy = useStable(() => picture && saveFile(npyFile(picture.data, picture.shape), `${fileName}-modules.npy`));
  useKeys((event) => {
    if (event.altKey) return false;
    const key = event.key.toLowerCase();
    if (colours.onKey(key)) return true;
    if (key === 'escape' && pointer.cancelMove()) return true;
    if (key === 'escape' && tool) usePictureTool.getState().setTool(null);
    else if (key === 'c') toggleCrosshair();
    else if (key === 'f') fit();
    else if (key === 'r') {
      fit();
      colours.reset();
    } else return false;
    return true;
  });

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
            {...pointer.listeners}
          >
            <canvas ref={canvas} data-testid="geometry-image" />
            {lift.lifted && drawing.box && (
              <GeometryLifted
                lifted={lift.lifted}
                element={lift.element}
                canvas={drawing.liftedCanvas}
                box={drawing.box}
                view={view.shown}
                size={size}
                hasLabels={look.hasLabels}
              />
            )}
            {geometry && size.width > 0 && (
              <GeometryOverlay
                geometry={lift.lifted?.geometry ?? geometry}
                lifted={lift.lifted?.part ?? null}
                view={view.shown}
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
                crosshair={pointer.crosshair}
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
