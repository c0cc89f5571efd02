import type { AddCommand } from './context.ts';

/** A command, or a family of them, by its first word. */
export interface CommandEntry {
  /** What the list of all commands says of it. */
  readonly summary: string;
  /** Names of the programs that it replaces, and what they stand for; the package installs them, too. */
  readonly oldNames?: Readonly<Record<string, string>>;
  readonly load: () => Promise<AddCommand>;
}

/** All commands. A module is loaded only when its command is called: starting must not wait for the others. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  serve: {
    summary: 'serve the pages: live view of a bridge, and the runs of a data root',
    load: async () => (await import('./commands/serve.ts')).addServeCommand,
  },
  example: {
    summary: 'make an example proposal with known truth',
    load: async () => (await import('./commands/example.ts')).addExampleCommand,
  },
  ls: {
    summary: 'what is in a run, a file, a proposal',
    oldNames: { lsxfel: 'ls' },
    load: async () => (await import('./commands/ls.ts')).addLsCommand,
  },
  keys: {
    summary: 'keys of a source with dtype, entry shape, counts and units',
    load: async () => (await import('./commands/keys.ts')).addKeysCommand,
  },
  get: {
    summary: "one key's data",
    load: async () => (await import('./commands/get.ts')).addGetCommand,
  },
  detector: {
    summary: 'frames of all modules of a detector in one array',
    load: async () => (await import('./commands/detector.ts')).addDetectorCommand,
  },
  integrate: {
    summary: 'azimuthal integration: patterns of a run, or of frames in a file',
    load: async () => (await import('./commands/integrate.ts')).addIntegrateCommand,
  },
  geometry: {
    summary: 'geometry files: show, convert, compare them; assemble a frame',
    load: async () => (await import('./commands/geometry.ts')).addGeometryCommands,
  },
  'geo-assembler': {
    summary: 'move quadrants, modules and tiles over a picture: opens the Geometry page',
    oldNames: { geoAssembler: 'geo-assembler' },
    load: async () => (await import('./commands/geo-assembler.ts')).addGeoAssemblerCommand,
  },
  glance: {
    summary: 'what is in an HDF5 file: tree, attributes, some data',
    oldNames: { h5glance: 'glance' },
    load: async () => (await import('./commands/glance.ts')).addGlanceCommand,
  },
  validate: {
    summary: 'check a run or a file',
    oldNames: { 'extra-data-validate': 'validate' },
    load: async () => (await import('./commands/validate.ts')).addValidateCommand,
  },
  locality: {
    summary: 'whether dCache has files on disk or on tape',
    oldNames: { 'extra-data-locality': 'locality' },
    load: async () => (await import('./commands/locality.ts')).addLocalityCommand,
  },
  readable: {
    summary: 'whether files can be opened in time',
    oldNames: { 'extra-data-readable': 'readable' },
    load: async () => (await import('./commands/readable.ts')).addReadableCommand,
  },
  bridge: {
    summary: 'Karabo bridge: simulate one, look at one, record and replay one, stream runs',
    oldNames: {
      'karabo-bridge-server-sim': 'bridge sim',
      'karabo-bridge-glimpse': 'bridge glimpse',
      'karabo-bridge-monitor': 'bridge monitor',
      'karabo-bridge-record': 'bridge record',
      'karabo-bridge-replay': 'bridge replay',
      'karabo-bridge-serve-files': 'bridge serve-files',
      'karabo-bridge-serve-run': 'bridge serve-run',
    },
    load: async () => (await import('./commands/bridge.ts')).addBridgeCommands,
  },
  write: {
    summary: 'selected data of a run in one file, which opens as a run',
    load: async () => (await import('./commands/write.ts')).addWriteCommand,
  },
  'virtual-cxi': {
    summary: 'a CXI file with all frames of a detector',
    oldNames: { 'extra-data-make-virtual-cxi': 'virtual-cxi' },
    load: async () => (await import('./commands/virtual-cxi.ts')).addVirtualCxiCommand,
  },
  'vds-check': {
    summary: 'check the sources of virtual datasets',
    oldNames: { 'hdf5-vds-check': 'vds-check' },
    load: async () => (await import('./commands/vds-check.ts')).addVdsCheckCommand,
  },
  overview: {
    summary: 'one virtual file of a whole run, which makes opening it quick',
    load: async () => (await import('./commands/overview.ts')).addOverviewCommand,
  },
  'copy-structure': {
    summary: 'copies of files without the values of instruments',
    load: async () => (await import('./commands/copy-structure.ts')).addCopyStructureCommand,
  },
};

/** What the list of all commands says of one: also under which name people may know it. */
export function summaryOf({ summary, oldNames }: CommandEntry): string {
  return oldNames ? `${summary} (${Object.keys(oldNames).join(', ')})` : summary;
}
