import { StateInvalid } from '../../../core/errors.ts';
import type { GeometryPageView } from '../../geometry/geometry-address.ts';
import { runStem } from '../../geometry/picture-stem.ts';
import { type ConfigurationState, parkPage, startHistory, startState } from '../configurations/configuration.ts';
import { nameOf, useConfigurations } from '../configurations/configuration-store.ts';
import { useCurves } from '../curve/curve-store.ts';
import { PROJECT_ENDING, type Project, type ProjectConfiguration } from './project.ts';

/** Everything that the page shows now; null while it shows no detector. */
export function projectOfPage({ run, choice }: Pick<GeometryPageView, 'run' | 'choice'>): Project | null {
  const { configurations, active, view } = useConfigurations.getState();
  const own = parkPage();
  const held = configurations.flatMap((each): ProjectConfiguration[] => {
    const state: ConfigurationState = each.parked ?? own;
    const { document } = state.history;
    if (!document) return [];
    const { mask, settings, cake, corrections, correctionPictures, backgroundScale, backgroundOffset, dummy } = state;
    const { detector, isIncluded, scale } = each;
    return [
      {
        ...{ name: nameOf(each), detector, isIncluded, scale, document },
        state: {
          ...{ mask, settings, cake, corrections, correctionPictures },
          ...{ backgroundScale, backgroundOffset, dummy },
        },
      },
    ];
  });
  if (held.length < configurations.length) return null;
  const { overlays, subtracted, waterfall, background, phases, isLogX, isLogY } = useCurves.getState();
  const off = overlays.findIndex(({ id }) => id === subtracted);
  return {
    run: run && { proposal: run.proposal, run: run.run, data: run.data },
    picture: {
      ...{ over: choice.over, train: choice.train, pulse: choice.pulse, trains: choice.trains },
      view: choice.view,
    },
    configurations: held,
    active: configurations.findIndex(({ id }) => id === active),
    view,
    overlays: overlays.map(({ id: _id, ...overlay }) => overlay),
    subtracted: off < 0 ? null : off,
    ...{ waterfall, background, isLogX, isLogY },
    phases: phases.map(({ id: _id, ...phase }) => phase),
  };
}

/**
 * Puts a project on the page, in place of everything there.
 * @param what for the history, `sample.hutch.json opened` @param set the page's address
 * @throws StateInvalid while something is running that is about the page as it is; then nothing is changed
 */
export function showProject(project: Project, what: string, set: GeometryPageView['set']): void {
  const { configurations, active, run, picture, view } = project;
  const { fault, replace, setView } = useConfigurations.getState();
  const isDone = replace(
    configurations.map(({ document, state, ...rest }) => ({
      ...{ ...rest, id: 0 },
      parked: { ...startState(document), ...state, history: startHistory(document, what) },
    })),
    active,
  );
  if (!isDone) throw new StateInvalid(useConfigurations.getState().fault ?? fault ?? '', { field: 'project' });
  const { waterfall, background, isLogX, isLogY } = project;
  useCurves.getState().drawAnew(project.overlays, project.subtracted, project.phases);
  useCurves.setState({ waterfall, background, isLogX, isLogY });
  setView(view);
  set({
    ...(run ? { proposal: run.proposal, run: String(run.run), data: run.data === 'default' ? '' : run.data } : {}),
    detector: configurations[active].detector ?? '',
    ...{ over: picture.over, view: picture.view ?? '', trains: String(picture.trains) },
    train: picture.train === 0 ? '' : String(picture.train),
    pulse: picture.pulse === 0 ? '' : String(picture.pulse),
  });
}

/** What a project's file is called: `p700000-r0004.hutch.json`. */
export function projectName({ run }: Project): string {
  return `${run ? runStem(run) : 'geometry-page'}${PROJECT_ENDING}`;
}

/** `run 4, 2 configurations, mask, 3 overlays`. */
export function projectWords({ run, configurations, overlays, phases }: Project): string {
  const several = (count: number, word: string) =>
    count === 0 ? [] : [count === 1 ? `1 ${word}` : `${count} ${word}s`];
  const masks = configurations.filter(({ state }) => state.mask).length;
  return [
    ...(run ? [`run ${run.run}`] : []),
    ...several(configurations.length, 'configuration'),
    ...several(masks, 'mask'),
    ...several(overlays.length, 'overlay'),
    ...several(phases.length, 'phase'),
  ].join(', ');
}
