import { basename, dirname, resolve, sep } from 'node:path';
import { Usage } from '../core/errors.ts';
import { parseRunName } from './context.ts';

/** What was asked for, in either spelling. */
export interface GeoAssemblerArguments {
  readonly run: string | null;
  readonly geometry: string | null;
  /** m */
  readonly distance: number | null;
  readonly photonEnergyKeV: number | null;
  /** Values between which colours run. */
  readonly levels: readonly [low: number, high: number] | null;
  readonly detector: string | null;
  /** Write a notebook instead of opening the page. */
  readonly isNotebook: boolean;
  readonly notebookFolder: string;
  readonly notebookFile: string;
  /** The example proposal instead of a run. */
  readonly isTest: boolean;
  readonly dataRoot: string | null;
  readonly port: number;
  /** Whether the page is shown in a browser, not only its address. */
  readonly isShown: boolean;
}

/** Options by their names without hyphens, and how many values follow. @source GeoAssembler: its README and its own help */
const VALUES: Readonly<Record<string, readonly [name: string, values: number]>> = {
  r: ['run', 1],
  run: ['run', 1],
  rundir: ['run', 1],
  g: ['geometry', 1],
  geometry: ['geometry', 1],
  c: ['distance', 1],
  clen: ['distance', 1],
  e: ['energy', 1],
  energy: ['energy', 1],
  l: ['level', 2],
  level: ['level', 2],
  det: ['detector', 1],
  nb: ['notebook', 0],
  notebook: ['notebook', 0],
  nbdir: ['folder', 1],
  nbfolder: ['folder', 1],
  nbfile: ['file', 1],
  nokernel: ['no-kernel', 0],
  test: ['test', 0],
  dataroot: ['data-root', 1],
  port: ['port', 1],
  nobrowser: ['no-browser', 0],
};

/** Reads the arguments: `-nb`, `--notebook`, `-nb_dir DIR`, `--nb_dir=DIR`, `-l MIN MAX` and so on. @throws Usage */
export function parseGeoAssembler(argv: readonly string[]): GeoAssemblerArguments {
  const given = new Map<string, readonly string[]>();
  for (let i = 0; i < argv.length; i++) {
    const match = /^--?([a-z][a-z_-]*)(?:=(.*))?$/i.exec(argv[i]);
    if (!match) {
      if (given.has('run')) throw new Usage(`"${argv[i]}" is one run too many: there is ${given.get('run')?.[0]}.`);
      given.set('run', [argv[i]]);
      continue;
    }
    const option = Object.hasOwn(VALUES, plain(match[1])) ? VALUES[plain(match[1])] : undefined;
    if (!option) throw new Usage(`There is no option ${argv[i]}. See hutch geo-assembler --help.`);
    const [name, count] = option;
    const values = match[2] === undefined ? argv.slice(i + 1, i + 1 + count) : match[2].split(/[ ,]+/);
    if (values.length !== count)
      throw new Usage(`${argv[i]} needs ${count} value${count === 1 ? '' : 's'}, got ${values.length}.`);
    if (match[2] === undefined) i += count;
    given.set(name, values);
  }
  const text = (name: string) => given.get(name)?.[0] ?? null;
  const number = (name: string, least: number): number | null => {
    const value = text(name);
    if (value === null) return null;
    if (value.trim() === '' || !(Number(value) > least) || !Number.isFinite(Number(value)))
      throw new Usage(`${name === 'distance' ? '--clen' : `--${name}`} ${value} must be a number above ${least}.`);
    return Number(value);
  };
  const energy = number('energy', 0);
  const port = Number(text('port') ?? 8090);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Usage(`--port ${text('port')} must be a whole number from 0 to 65535.`);
  return {
    run: text('run'),
    geometry: text('geometry'),
    distance: number('distance', 0),
    photonEnergyKeV: energy === null ? null : energy / 1000,
    levels: levelsOf(given.get('level')),
    detector: text('detector'),
    isNotebook: given.has('notebook'),
    notebookFolder: text('folder') ?? '.',
    notebookFile: text('file') ?? 'geoAssembler.ipynb',
    isTest: given.has('test'),
    dataRoot: text('data-root'),
    port,
    isShown: !given.has('no-browser'),
  };
}

const plain = (name: string) => name.toLowerCase().replace(/[_-]/g, '');

function levelsOf(values: readonly string[] | undefined): readonly [number, number] | null {
  if (!values) return null;
  const [low, high] = values.map((value) => (value.trim() === '' ? Number.NaN : Number(value)));
  if (!(low < high) || !Number.isFinite(high - low))
    throw new Usage(`--level ${values.join(' ')} must be two numbers, the lower one first.`);
  return [low, high];
}

/** Where a run is: below which data root, and its name in addresses. */
export interface RunPlace {
  readonly dataRoot: string;
  readonly proposal: string;
  readonly run: number;
  readonly data: string;
}

/**
 * Finds the data root of a run that is given as `pNNNNNN/rNNNN` or as its folder ROOT/INSTRUMENT/CYCLE/pNNNNNN/raw/rNNNN.
 * @param dataRoot for names @throws Usage for folders that do not lie like this
 */
export function placeOfRun(run: string, dataRoot: string | null): RunPlace {
  const name = parseRunName(run);
  if (name) {
    if (dataRoot === null)
      throw new Usage(`Say where proposals are for ${run}: --data-root DIR or $EXTRA_DATA_DATA_ROOT.`);
    return { dataRoot, proposal: `p${name.proposal.padStart(6, '0')}`, run: name.run, data: 'default' };
  }
  const folder = resolve(run);
  const [number, origin, proposal] = [folder, dirname(folder), dirname(dirname(folder))].map((path) => basename(path));
  const runNumber = /^r(\d{4})$/.exec(number)?.[1];
  if (runNumber === undefined || !/^p\d{6}$/.test(proposal))
    throw new Usage(
      `${run} is no run below a proposal (ROOT/INSTRUMENT/CYCLE/pNNNNNN${sep}raw${sep}rNNNN). Start "hutch serve" and drop its files on the Runs page instead.`,
    );
  const root = dirname(dirname(dirname(dirname(dirname(folder)))));
  // A raw folder is how users name a run: the page takes the corrected frames that its proposal has, too.
  const data = origin === 'proc' ? 'proc' : 'default';
  return { dataRoot: dataRoot ?? root, proposal, run: Number(runNumber), data };
}

/** Address of the geometry page that shows what was asked for. */
export function geometryPageAddress(
  server: string,
  place: Omit<RunPlace, 'dataRoot'> | null,
  { distance, photonEnergyKeV, levels, detector }: GeoAssemblerArguments,
): string {
  const search = new URLSearchParams();
  if (place) {
    search.set('proposal', place.proposal);
    search.set('run', String(place.run));
    if (place.data !== 'default') search.set('data', place.data);
  }
  if (detector) search.set('detector', detector);
  if (distance !== null) search.set('distance', String(distance));
  if (photonEnergyKeV !== null) search.set('energy', String(photonEnergyKeV));
  if (levels) search.set('levels', levels.join(','));
  const text = search.toString();
  return `${server}/geometry${text ? `?${text}` : ''}`;
}
