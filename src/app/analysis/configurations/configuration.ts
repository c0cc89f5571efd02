import type { Detector } from '../../../detector/detector.ts';
import { type GeometryDocument, geometryOf } from '../../geometry/geometry-document.ts';
import { type DocumentHistory, type ModulePicture, useGeometry } from '../../geometry/geometry-store.ts';
import { callAnalysis } from '../analysis-client.ts';
import type { CakeSettings, CurveSettings } from '../analysis-request.ts';
import { type Exposure, type RefineSettings, useRefinement } from '../calibration/refine-store.ts';
import { type CorrectionNames, type CorrectionPictures, NO_CORRECTIONS, useCurves } from '../curve/curve-store.ts';
import { useMask } from '../mask/mask-store.ts';

/** Everything of one detector on the page: kept while another configuration is there, and what a project file holds of it. */
export interface ConfigurationState {
  readonly history: DocumentHistory;
  readonly picture: ModulePicture | null;
  /** uint8 (module * ss * fs), not 0 = left out; null = none. With its undo. */
  readonly mask: Uint8Array | null;
  readonly maskPast: readonly (Uint8Array | null)[];
  readonly maskFuture: readonly (Uint8Array | null)[];
  readonly settings: CurveSettings;
  readonly cake: CakeSettings;
  readonly corrections: CorrectionNames;
  readonly correctionPictures: CorrectionPictures;
  readonly backgroundScale: number;
  readonly backgroundOffset: number;
  readonly dummy: number | null;
  readonly refinement: RefinementState;
}

type Refinement = ReturnType<typeof useRefinement.getState>;
interface RefinementState extends Pick<Refinement, 'level' | 'skippedRings' | 'free' | 'bounds'> {
  readonly settings: RefineSettings;
  readonly exposures: readonly Exposure[];
}

/** A detector with its geometry, experiment, mask, corrections and integration. */
export interface Configuration {
  readonly id: number;
  readonly name: string;
  /** Source of its detector in the run; null = not known yet. */
  readonly detector: string | null;
  /** Whether the combined pattern has it. */
  readonly isIncluded: boolean;
  /** Its intensities are divided by this in the combined pattern. */
  readonly scale: number;
  /** Null: it is on the page, and the page's stores have it. */
  readonly parked: ConfigurationState | null;
}

/** What a new configuration refines with. */
const START_REFINEMENT: RefinementState = {
  level: 'quadrant',
  settings: useRefinement.getState().settings,
  skippedRings: [],
  exposures: [],
  free: useRefinement.getState().free,
  bounds: {},
};

/** The configuration on the page, to come back to. */
export function parkPage(): ConfigurationState {
  const { picture, mask, park } = useGeometry.getState();
  const history = park();
  const curves = useCurves.getState();
  const { past: maskPast, future: maskFuture } = useMask.getState();
  const { level, settings, skippedRings, exposures, free, bounds } = useRefinement.getState();
  return {
    ...{ history, picture, mask, maskPast, maskFuture },
    settings: curves.settings,
    cake: curves.cake,
    corrections: curves.corrections,
    correctionPictures: curves.correctionPictures,
    backgroundScale: curves.backgroundScale,
    backgroundOffset: curves.backgroundOffset,
    dummy: curves.dummy,
    refinement: { level, settings, skippedRings, exposures, free, bounds },
  };
}

/** Puts a configuration on the page. */
export function resumePage(state: ConfigurationState): void {
  const { settings, cake, corrections, correctionPictures, backgroundScale, backgroundOffset, dummy } = state;
  const isOtherUnit = settings.unit !== useCurves.getState().settings.unit;
  useMask.setState({ past: state.maskPast, future: state.maskFuture, draft: null, error: null });
  useRefinement.setState({ ...state.refinement, result: null, error: null, calibration: null, calibrationError: null });
  useCurves.setState({
    ...{ settings, cake, corrections, correctionPictures, backgroundScale, backgroundOffset, dummy },
    saveError: null,
    ...(isOtherUnit ? { zoom: 'rings' as const } : {}),
  });
  useGeometry.getState().resume({ ...state.history, picture: state.picture, mask: state.mask });
}

/** A configuration of a detector that the page has not seen: bins and corrections without pictures are those of the present one. */
export function startState(document: GeometryDocument): ConfigurationState {
  const { settings, cake } = useCurves.getState();
  return {
    history: startHistory(document, `${document.origin} opened`),
    ...{ picture: null, mask: null, maskPast: [], maskFuture: [], cake },
    settings: { ...settings, radialRange: null, azimuthRange: null, oblique: null, seat: null },
    corrections: NO_CORRECTIONS,
    correctionPictures: NO_CORRECTIONS,
    backgroundScale: 1,
    backgroundOffset: 0,
    dummy: null,
    refinement: START_REFINEMENT,
  };
}

/** A history that begins with a document. */
export function startHistory(document: GeometryDocument, what: string): DocumentHistory {
  const past = [{ document, what, at: Date.now() }];
  const selection = { level: 'quadrant', part: null } as const;
  return { document, geometry: geometryOf(document), version: 1, past, future: [], savedVersion: 1, selection };
}

/** Gives the worker the corrections of a configuration; pictures and masks follow when they are needed. */
export function sendCorrections(scene: number, state: ConfigurationState): void {
  const { correctionPictures, backgroundScale, backgroundOffset, dummy } = state;
  void callAnalysis('setScene', { scene, ...correctionPictures, backgroundScale, backgroundOffset, dummy });
}

/** Whether a geometry is of the detector of a layout. */
export function isOfDetector(
  detector: Detector | undefined,
  { detector: name, modules }: { readonly detector: string; readonly modules: number },
): boolean {
  return detector?.name === name && detector.dataShape[0] === modules;
}
