import type { PictureChoice } from '../../geometry/geometry-address.ts';
import type { GeometryDocument } from '../../geometry/geometry-document.ts';
import type { RunKey } from '../../run-source.ts';
import type { Configuration, ConfigurationState } from '../configurations/configuration.ts';
import type { Overlay, ShownPhase } from '../curve/curve-store.ts';
import type { PatternBackground } from '../curve/pattern-unit.ts';

/** What a project holds of a configuration. */
export interface ProjectConfiguration extends Pick<Configuration, 'name' | 'detector' | 'isIncluded' | 'scale'> {
  readonly document: GeometryDocument;
  readonly state: Pick<
    ConfigurationState,
    | 'mask'
    | 'settings'
    | 'cake'
    | 'corrections'
    | 'correctionPictures'
    | 'backgroundScale'
    | 'backgroundOffset'
    | 'dummy'
  >;
}

/** Everything of the Geometry page, as a value: what is saved, opened, and kept over a reload. */
export interface Project {
  /** Null while no run was chosen. */
  readonly run: RunKey | null;
  readonly picture: Omit<PictureChoice, 'detector'>;
  readonly configurations: readonly ProjectConfiguration[];
  /** Index of the one on the page. */
  readonly active: number;
  readonly view: 'one' | 'combined';
  readonly overlays: readonly Omit<Overlay, 'id'>[];
  /** Index of the overlay that is taken off; null = none. */
  readonly subtracted: number | null;
  readonly waterfall: number;
  readonly background: PatternBackground;
  readonly phases: readonly Omit<ShownPhase, 'id'>[];
  readonly isLogX: boolean;
  readonly isLogY: boolean;
}

/** Names the format, so that a file of it is known whatever it is called. */
export const PROJECT_MARK = 'hutch project';
/** Newest version that is written and read. */
export const PROJECT_VERSION = 1;
/** What names of project files end with. */
export const PROJECT_ENDING = '.hutch.json';
