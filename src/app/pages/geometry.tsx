import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';
import '../style/runs.css';
import '../style/geometry.css';
import { AutosaveKeeper } from '../analysis/autosave/autosave-keeper.ts';
import { useConfigurations } from '../analysis/configurations/configuration-store.ts';
import { OtherPictures } from '../analysis/configurations/other-pictures.ts';
import { DraftKeeper } from '../analysis/project/draft-store.ts';
import {
  chooseDetector,
  GeometryPageContext,
  type GeometryPageView,
  readAddressedDocument,
  readPictureChoice,
} from '../geometry/geometry-address.ts';
import { ARROW_SCALES, useGeometryLook } from '../geometry/geometry-look.ts';
import { useGeometry } from '../geometry/geometry-store.ts';
import { pictureQuery, viewOf } from '../geometry/module-picture.ts';
import { moveSelectedOnScreen, selectNext, turnSelectedOnScreen } from '../geometry/move-selected.ts';
import { forgetDraft, storeDraft } from '../geometry/stored-draft.ts';
import { useKeys } from '../keyboard.ts';
import { AnalysisBatch } from '../panels/analysis/batch.tsx';
import { AnalysisCake, AnalysisCakeActions } from '../panels/analysis/cake.tsx';
import { AnalysisCalibration } from '../panels/analysis/calibration.tsx';
import { AnalysisCurve, AnalysisCurveActions } from '../panels/analysis/curve.tsx';
import { AnalysisIntegration } from '../panels/analysis/integration.tsx';
import { AnalysisMap } from '../panels/analysis/map.tsx';
import { AnalysisMask } from '../panels/analysis/mask.tsx';
import { AnalysisOverlays } from '../panels/analysis/overlays.tsx';
import { AnalysisProject } from '../panels/analysis/project.tsx';
import { AnalysisRefinement } from '../panels/analysis/refinement.tsx';
import { GeometryFiles } from '../panels/geometry/files.tsx';
import { GeometryHelpers } from '../panels/geometry/helper-shapes.tsx';
import { GeometryHistory } from '../panels/geometry/history.tsx';
import { GeometryMove } from '../panels/geometry/move.tsx';
import { GeometryParts } from '../panels/geometry/parts.tsx';
import { GeometryPicture } from '../panels/geometry/picture.tsx';
import { GeometrySetup } from '../panels/geometry/setup.tsx';
import { type RunKey, session } from '../session.ts';
import { useStable } from '../stable-callback.ts';
import { Workspace, type WorkspaceDefinition } from '../workspace.tsx';

const GEOMETRY: WorkspaceDefinition = {
  page: 'geometry',
  panels: {
    picture: { title: 'Assembled', Body: GeometryPicture },
    setup: { title: 'Picture and calibrant', Body: GeometrySetup },
    move: { title: 'Move', Body: GeometryMove },
    parts: { title: 'Positions', Body: GeometryParts },
    history: { title: 'History', Body: GeometryHistory },
    helpers: { title: 'Helpers', Body: GeometryHelpers },
    files: { title: 'Geometry', Body: GeometryFiles },
    project: { title: 'Project', Body: AnalysisProject },
    curve: { title: 'I(q)', Body: AnalysisCurve, Actions: AnalysisCurveActions },
    integration: { title: 'Integration', Body: AnalysisIntegration },
    overlays: { title: 'Overlays, phases', Body: AnalysisOverlays },
    cake: { title: 'Cake', Body: AnalysisCake, Actions: AnalysisCakeActions },
    refinement: { title: 'Refinement', Body: AnalysisRefinement },
    calibration: { title: 'Calibration', Body: AnalysisCalibration },
    mask: { title: 'Mask', Body: AnalysisMask },
    batch: { title: 'Batch', Body: AnalysisBatch },
    map: { title: 'Map', Body: AnalysisMap },
  },
  layouts: {
    wide: [
      { id: 'picture' },
      { id: 'setup', beside: 'picture', side: 'left', width: 336, height: 372 },
      { id: 'move', beside: 'setup', side: 'below', height: 212 },
      { id: 'parts', beside: 'move', side: 'below' },
      { id: 'history', beside: 'parts', side: 'within', isBehind: true },
      { id: 'helpers', beside: 'parts', side: 'within', isBehind: true },
      { id: 'files', beside: 'parts', side: 'below', height: 150 },
      { id: 'curve', beside: 'picture', side: 'right', width: 560, height: 320 },
      { id: 'integration', beside: 'curve', side: 'within', isBehind: true },
      { id: 'overlays', beside: 'curve', side: 'within', isBehind: true },
      { id: 'cake', beside: 'curve', side: 'below' },
      { id: 'batch', beside: 'cake', side: 'within', isBehind: true },
      { id: 'map', beside: 'cake', side: 'within', isBehind: true },
      { id: 'refinement', beside: 'cake', side: 'below', height: 300 },
      { id: 'calibration', beside: 'refinement', side: 'within', isBehind: true },
      { id: 'mask', beside: 'refinement', side: 'within', isBehind: true },
      { id: 'project', beside: 'refinement', side: 'within', isBehind: true },
    ],
    narrow: [
      { id: 'picture' },
      { id: 'setup', beside: 'picture', side: 'left', width: 296, height: 262 },
      { id: 'project', beside: 'setup', side: 'within', isBehind: true },
      { id: 'move', beside: 'setup', side: 'below', height: 208 },
      { id: 'parts', beside: 'move', side: 'below' },
      { id: 'history', beside: 'parts', side: 'within', isBehind: true },
      { id: 'helpers', beside: 'parts', side: 'within', isBehind: true },
      { id: 'files', beside: 'move', side: 'within', isBehind: true },
      { id: 'curve', beside: 'picture', side: 'right', width: 400, height: 300 },
      { id: 'cake', beside: 'curve', side: 'within', isBehind: true },
      { id: 'integration', beside: 'curve', side: 'within', isBehind: true },
      { id: 'overlays', beside: 'curve', side: 'within', isBehind: true },
      { id: 'refinement', beside: 'curve', side: 'below' },
      { id: 'calibration', beside: 'refinement', side: 'within', isBehind: true },
      { id: 'mask', beside: 'refinement', side: 'within', isBehind: true },
      { id: 'batch', beside: 'refinement', side: 'within', isBehind: true },
      { id: 'map', beside: 'refinement', side: 'within', isBehind: true },
    ],
  },
};

/** The address follows the fields after they stood still, ms. */
const ADDRESS_PAUSE_MS = 300;
/** A draft is kept after the hand rests, ms. */
const DRAFT_PAUSE_MS = 1000;
const ARROWS: Readonly<Record<string, readonly [right: number, up: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
  h: [-1, 0],
  l: [1, 0],
  k: [0, 1],
  j: [0, -1],
};

/** The run that is shown when the address names none: the newest one with a detector in the first proposal. */
function useFirstRun(isWanted: boolean) {
  return useQuery({
    queryKey: ['a run with a detector'],
    queryFn: async ({ signal }): Promise<RunKey | null> => {
      for (const { proposal } of (await session.proposals(signal)).slice(0, 5)) {
        const runs = await session.runs(proposal, signal);
        const found = runs.filter(({ detectors }) => detectors.length > 0).sort((a, b) => b.run - a.run)[0];
        if (found) return { proposal, run: found.run, data: 'default' };
      }
      return null;
    },
    enabled: isWanted,
  });
}

/** Reads what the address says: run, detector, picture, geometry. */
function usePage(): GeometryPageView {
  const [, navigate] = useLocation();
  const text = useSearch();
  const search = useMemo(() => new URLSearchParams(text), [text]);
  const set = useStable((changes: Readonly<Record<string, string>>) => {
    const next = new URLSearchParams(window.location.search);
    for (const [name, value] of Object.entries(changes)) {
      if (value === '') next.delete(name);
      else next.set(name, value);
    }
    if (next.toString() !== new URLSearchParams(window.location.search).toString())
      navigate(`/geometry?${next}`, { replace: true });
  });
  const [proposal, number] = [search.get('proposal'), search.get('run')];
  const data = search.get('data') ?? 'default';
  const named = useMemo<RunKey | null>(
    () => (proposal && number && /^\d+$/.test(number) ? { proposal, run: Number(number), data } : null),
    [proposal, number, data],
  );
  const first = useFirstRun(named === null);
  const run = named ?? first.data ?? null;
  const info = useQuery({
    queryKey: ['run', run?.proposal, run?.run, run?.data],
    queryFn: ({ signal }) => session.call('info', run as RunKey, {}, signal),
    enabled: run !== null,
  });
  const choice = useMemo(() => readPictureChoice(search), [search]);
  const detectors = info.data?.detectors ?? [];
  const detector = chooseDetector(detectors, choice.detector);
  const layout = useQuery({
    queryKey: ['layout', run, detector?.name],
    queryFn: ({ signal }) => session.call('layout', run as RunKey, { detector: detector?.name ?? '' }, signal),
    enabled: run !== null && detector !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const view = viewOf(choice.view, detector);
  const stack = useQuery({ ...pictureQuery(run, choice, detector), placeholderData: keepPreviousData });
  const layoutData = layout.data;
  const source = detector?.name ?? '';
  useEffect(() => {
    if (!layoutData) return;
    const addressed = readAddressedDocument(new URLSearchParams(window.location.search));
    useConfigurations.getState().takeDetector(layoutData, source, addressed);
  }, [layoutData, source]);
  const picture = stack.error ? null : (stack.data ?? null);
  const active = useConfigurations((store) => store.active);
  const wanted = useConfigurations(({ configurations }) => configurations.find(({ id }) => id === active)?.detector);
  useEffect(() => {
    // A picture of one detector never meets the geometry of another.
    if (!picture || picture.detector === wanted) useGeometry.getState().setPicture(picture);
  }, [picture, active, wanted]);
  useEffect(() => () => useGeometry.getState().setPicture(null), []);

  const nothing = useMemo(() => {
    if (named === null && first.data === null)
      return new Error(
        'No proposal here has a run with a detector. Open the Runs page, choose a data root or drop files there, and come back.',
      );
    if (info.data && detector === null)
      return new Error(`Run ${run?.run} has no detector with frames. Choose another run beside the picture.`);
    return null;
  }, [named, first.data, info.data, detector, run]);
  const queries = [first, info, layout, stack].filter((each) => each.isEnabled);
  const failed = queries.find((each) => each.error);
  return {
    run,
    info: info.data ?? null,
    detector,
    choice: { ...choice, view },
    state: {
      isLoading: !nothing && queries.some((each) => each.isLoading || each.isPlaceholderData),
      error: failed?.error ?? nothing,
      what: choice.over === 'one' ? 'Picture' : 'Picture of many frames',
      retry: () => void failed?.refetch(),
    },
    set,
  };
}

/** Writes what is edited into the address, and keeps unsaved moves. */
function useKeptState(set: GeometryPageView['set']): void {
  const document = useGeometry((store) => store.document);
  const isSaved = useGeometry((store) => store.version === store.savedVersion);
  const level = useGeometry((store) => store.selection.level);
  const isFront = useGeometryLook((look) => look.isFront);
  useEffect(() => {
    const search = new URLSearchParams(window.location.search);
    const wanted = search.get('level');
    const { select } = useGeometry.getState();
    if (wanted === 'quadrant' || wanted === 'module' || wanted === 'tile') select({ level: wanted, part: null });
    if (search.get('side') === 'back') useGeometryLook.setState({ isFront: false });
  }, []);
  useEffect(() => {
    if (!document) return;
    const timer = window.setTimeout(() => {
      const { distance, photonEnergyKeV } = document.experiment;
      set({
        distance: String(distance),
        energy: String(photonEnergyKeV),
        calibrant: document.calibrant,
        rings: String(document.rings),
        level: level === 'quadrant' ? '' : level,
        side: isFront ? '' : 'back',
      });
    }, ADDRESS_PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [document, level, isFront, set]);
  useEffect(() => {
    if (!document || isSaved) return;
    const timer = window.setTimeout(() => storeDraft(document), DRAFT_PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [document, isSaved]);
  useEffect(() => {
    // Only a save forgets it: whoever has just opened the page may still want it.
    const { savedVersion } = useGeometry.getState();
    let saved = savedVersion;
    return useGeometry.subscribe((now, before) => {
      // A load, or another configuration, brings another document at the same time.
      const isSave = now.savedVersion !== saved && now.document === before.document;
      if (isSave && now.document) forgetDraft(now.document.start.detector.name);
      saved = now.savedVersion;
    });
  }, []);
}

function useGeometryKeys(): void {
  const look = useGeometryLook();
  useKeys((event) => {
    const { undo, redo, document } = useGeometry.getState();
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === 'z' && !event.altKey) event.shiftKey ? redo() : undo();
    else if (key === 'y') redo();
    else {
      const arrow = ARROWS[key];
      if (!arrow || !document || look.isBefore) return false;
      const step = event.shiftKey ? 10 : event.altKey ? 0.1 : look.step;
      return moveSelectedOnScreen(arrow[0] * step, arrow[1] * step, look.isFront);
    }
    return true;
  }, true);
  useKeys((event) => {
    const { selection, select, document } = useGeometry.getState();
    if (!document) return false;
    const { key } = event;
    // Physical keys: with Shift or Alt a bracket is another character on many keyboards.
    const turn = { BracketLeft: 1, BracketRight: -1 }[event.code] ?? { '[': 1, ']': -1 }[key];
    if (turn && !look.isBefore) {
      const step = event.shiftKey ? 1 : event.altKey ? 0.01 : 0.1;
      return turnSelectedOnScreen(turn * step, look.isFront);
    }
    if (event.altKey) return false;
    const isOnPage = window.document.activeElement === window.document.body || !window.document.activeElement;
    if (/^[1-9]$/.test(key) && Number(key) <= document.start.detector.groupModules.length)
      select({ level: 'quadrant', part: Number(key) - 1 });
    // Tab walks over parts only while one is selected and no control has the focus: nobody is caught in it.
    else if (key === 'Tab' && selection.part !== null && isOnPage) selectNext(event.shiftKey ? -1 : 1);
    else if (key === 'Escape' && selection.part !== null) select({ ...selection, part: null });
    else if (key === 'o') look.set({ hasRings: !look.hasRings });
    else if (key === 't') look.set({ hasFrames: !look.hasFrames });
    else if (key === 'n') look.set({ hasLabels: !look.hasLabels });
    else if (key === 'v') look.set({ isFront: !look.isFront });
    else if (key === 'b') look.set({ isBefore: !look.isBefore });
    else if (key === 'a') look.set({ arrows: look.arrows === null ? ARROW_SCALES[1] : null });
    else return false;
    return true;
  });
}

/** Keys, address and draft follow every edit; apart from the page, so that an edit does not draw all panels again. */
function PageKeeper({ set }: Pick<GeometryPageView, 'set'>) {
  useKeptState(set);
  useGeometryKeys();
  return null;
}

/** The geometry of a detector over a picture of a run: parts are moved until rings are round. Everything chosen is in the address. */
export function GeometryPage() {
  const view = usePage();
  return (
    <main className="dock">
      <PageKeeper set={view.set} />
      <GeometryPageContext.Provider value={view}>
        <OtherPictures />
        <DraftKeeper />
        <AutosaveKeeper />
        <Workspace definition={GEOMETRY} />
      </GeometryPageContext.Provider>
    </main>
  );
}
