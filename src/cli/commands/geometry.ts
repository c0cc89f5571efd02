import { extname } from 'node:path';
import type { Command } from 'commander';
import { Usage } from '../../core/errors.ts';
import type { CrystfelLayout } from '../../detector/geometry-crystfel-write.ts';
import type { PoniVersion } from '../../formats/poni.ts';
import type { CliContext } from '../context.ts';
import { addAssembleCommand } from '../geometry-assemble.ts';
import {
  addGeometryFileOptions,
  checkGeometryEnding,
  type GeometryFileOptions,
  loadGeometryFile,
  toCount,
  toPositive,
} from '../geometry-options.ts';
import { addRefineCommand } from '../geometry-refine.ts';

/** Adds `hutch geometry show`, `convert`, `compare`, `assemble` and `refine`. */
export function addGeometryCommands(program: Command, context: CliContext): void {
  const geometry = program.command('geometry').description('geometry files: .geom, HDF5, .poni, NeXus, CSV');
  addShowCommand(geometry, context);
  addConvertCommand(geometry, context);
  addCompareCommand(geometry, context);
  addAssembleCommand(geometry, context);
  addRefineCommand(geometry, context);
}

interface ShowOptions extends GeometryFileOptions {
  readonly json?: boolean;
  readonly strict?: boolean;
}

function addShowCommand(geometry: Command, context: CliContext): void {
  const command = geometry
    .command('show')
    .description('what is in a geometry file, and what is wrong with it')
    .argument('<file>', '.geom, .h5, .nxs, .poni or .csv')
    .option('--strict', 'refuse what CrystFEL refuses')
    .option('--json', 'print JSON');
  addGeometryFileOptions(command)
    .addHelpText(
      'after',
      `
Ends with 1 if CrystFEL would refuse a .geom file.

Examples:
  hutch geometry show agipd.geom
  hutch geometry show lpd_mar_18_axesfixed.h5 --quads "11.4,299 -11.5,8 254.5,-16 278.5,275" --json`,
    )
    .action((path: string, options: ShowOptions) => show(context, path, options));
}

async function show(context: CliContext, path: string, options: ShowOptions): Promise<void> {
  const [{ readGeometryText }, { parseGeom }, { describeGeometry, geometryText, overlapText }] = await Promise.all([
    import('../../platform/node/load-geometry.ts'),
    import('../../formats/crystfel/geom.ts'),
    import('../geometry-summary.ts'),
  ]);
  const { format, text } = await readGeometryText(path);
  if (format === 'poni') return showPoni(context, path, text, options);
  const geometry = await loadGeometryFile(path, options, options.strict);
  const overlap = overlapText(geometry);
  const findings = [
    ...(format === 'crystfel' ? parseGeom(text, { mode: 'lenient', path }).findings : []),
    ...(overlap === null ? [] : [{ line: 0, severity: 'warning' as const, message: overlap }]),
  ];
  context.write(
    options.json
      ? `${JSON.stringify(describeGeometry(geometry, findings), null, 2)}\n`
      : geometryText(geometry, findings),
  );
  if (findings.some(({ severity }) => severity !== 'warning')) context.exitWith(1);
}

/** A calibration is shown even where it does not tell the size of its picture. */
async function showPoni(context: CliContext, path: string, text: string, options: ShowOptions): Promise<void> {
  const [{ parsePoni }, { describeGeometry, describePoni, geometryText, poniText }] = await Promise.all([
    import('../../formats/poni.ts'),
    import('../geometry-summary.ts'),
  ]);
  const poni = parsePoni(text, { path });
  const isWhole = poni.shape !== null && poni.pixel !== null && poni.splineFile === null;
  const isAlone = [options.detector, options.modules, options.quads, options.inverted].every((o) => o === undefined);
  const geometry = isWhole || !isAlone ? await loadGeometryFile(path, options, options.strict) : null;
  context.write(
    options.json
      ? `${JSON.stringify({ ...(geometry ? describeGeometry(geometry, []) : {}), poni: describePoni(poni) }, null, 2)}\n`
      : `${geometry ? geometryText(geometry, []) : ''}${poniText(poni)}`,
  );
}

interface ConvertOptions extends GeometryFileOptions {
  readonly layout?: string;
  readonly template?: string;
  readonly rewrite?: boolean;
  readonly dataPath?: string;
  readonly maskPath?: string;
  readonly distance?: string;
  readonly photonEnergy?: string;
  readonly aduPerEv?: string;
  readonly quadrants?: string;
  readonly poniVersion?: string;
}

function addConvertCommand(geometry: Command, context: CliContext): void {
  const command = geometry
    .command('convert')
    .description('a geometry in another format, or for data of other axes')
    .argument('<from>', '.geom, .h5, .nxs, .poni or .csv')
    .argument('<to>', '.geom, .h5 (LPD, DSSC), .poni, .nxs or .csv (quadrant positions)')
    .option(
      '--layout <axes>',
      '.geom: axes of the data, such as frame,modno,ss,fs or frame,ss,fs or frame,modno,0,ss,fs',
    )
    .option('--template <file>', '.geom whose comments, masks and groups are kept; only positions change')
    .option('--rewrite', 'write a .geom anew; from .geom to .geom all else is kept as it is otherwise')
    .option('--data-path <path>', 'where the data are in the HDF5 file (new .geom)')
    .option('--mask-path <path>', 'where the mask is (new .geom)')
    .option('--distance <m>', 'sample to detector')
    .option('--photon-energy <keV>', 'photon energy')
    .option('--adu-per-ev <n>', 'detector units per eV (new .geom)')
    .option('--quadrants <n>', 'rigid groups of modules (new .geom)')
    .option('--poni-version <v>', '1, 2 or 2.1', '2.1');
  addGeometryFileOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  hutch geometry convert dssc.h5 dssc.geom --quads "-130,5 -130,-125 5,-125 5,5" --distance 2 --photon-energy 0.8
  hutch geometry convert agipd.geom agipd_2d.geom --layout frame,ss,fs`,
    )
    .action((from: string, to: string, options: ConvertOptions) => convert(context, from, to, options));
}

async function convert(context: CliContext, from: string, to: string, options: ConvertOptions): Promise<void> {
  const [{ saveGeometry }, { readGeometryText }, { writeAside }] = await Promise.all([
    import('../../platform/node/save-geometry.ts'),
    import('../../platform/node/load-geometry.ts'),
    import('../../platform/node/write-aside.ts'),
  ]);
  const positive = (option: string, text: string | undefined) =>
    text === undefined ? undefined : toPositive(option, text);
  const distance = positive('--distance', options.distance);
  const photonEnergyKeV = positive('--photon-energy', options.photonEnergy);
  const aduPerEv = positive('--adu-per-ev', options.aduPerEv);
  const quadrants = options.quadrants === undefined ? undefined : toCount('--quadrants', options.quadrants);
  checkGeometryEnding(to);
  const layout = parseLayout(options.layout);
  const poniVersion = parsePoniVersion(options.poniVersion);
  const { format, text } = await readGeometryText(from);
  if (format === 'poni' && extname(to).toLowerCase() === '.poni') {
    // Of a calibration nothing is lost, nor is the size of the picture needed.
    const { formatPoni, parsePoni } = await import('../../formats/poni.ts');
    const { KEV_ANGSTROM } = await import('../../core/physics.ts');
    const poni = parsePoni(text, { path: from });
    const wavelength = photonEnergyKeV === undefined ? poni.wavelength : (KEV_ANGSTROM / photonEnergyKeV) * 1e-10;
    const changed = { ...poni, wavelength, distance: distance ?? poni.distance };
    await writeAside(to, [formatPoni(changed, { version: poniVersion })]);
    context.write(`${to}\n`);
    return;
  }
  const loaded = await loadGeometryFile(from, options);
  const geometry = {
    ...loaded,
    metadata: {
      ...loaded.metadata,
      ...(distance === undefined ? {} : { distance }),
      ...(photonEnergyKeV === undefined ? {} : { photonEnergyKeV }),
    },
  };
  const isAnew = [options.rewrite, options.dataPath, options.maskPath, options.aduPerEv, options.quadrants].some(
    (option) => option !== undefined,
  );
  const isEdited = format === 'crystfel' && extname(to).toLowerCase() === '.geom' && !isAnew && !options.template;
  if (options.template && (isAnew || layout))
    throw new Usage('--template keeps what that file says: leave out --rewrite, --layout, paths and --adu-per-ev.');
  if (isEdited) {
    const { convertCrystfelLayout, updateCrystfel } = await import('../../detector/geometry-crystfel-update.ts');
    const updated = updateCrystfel(text, geometry, { path: from });
    const converted = layout ? convertCrystfelLayout(updated, geometry.detector, layout, { path: from }) : updated;
    await writeAside(to, [converted]);
  } else {
    const end = extname(to).toLowerCase();
    const { pictureErrorText, quadrantErrorText } = await import('../geometry-summary.ts');
    if (end === '.poni') context.note(pictureErrorText(geometry));
    if (end === '.csv') context.note(quadrantErrorText(geometry));
    await saveGeometry(geometry, to, {
      layout,
      template: options.template,
      dataPath: options.dataPath,
      maskPath: options.maskPath,
      aduPerEv,
      quadrants,
      poniVersion,
    });
  }
  context.write(`${to}\n`);
}

function parseLayout(text: string | undefined): CrystfelLayout | undefined {
  return text?.split(',').map((axis) => {
    const name = axis.trim();
    if (name === 'frame' || name === 'modno' || name === 'ss' || name === 'fs') return name;
    if (/^\d{1,6}$/.test(name)) return Number(name);
    throw new Usage(`--layout: "${name}" is none of frame, modno, ss, fs or a whole number.`);
  });
}

function parsePoniVersion(text: string | undefined): PoniVersion | undefined {
  if (text === undefined || text === '1' || text === '2' || text === '2.1') return text;
  throw new Usage(`--poni-version ${text} is none of 1, 2, 2.1.`);
}

function addCompareCommand(geometry: Command, context: CliContext): void {
  const command = geometry
    .command('compare')
    .description('how far each module went from one geometry to another')
    .argument('<before>', 'geometry file')
    .argument('<after>', 'geometry file of the same detector')
    .option('--json', 'print JSON, in m');
  addGeometryFileOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  hutch geometry compare old.geom new.geom
  hutch geometry compare agipd.geom refined.geom --json`,
    )
    .action(async (before: string, after: string, options: ShowOptions) => {
      const { moduleShifts, shiftsText } = await import('../geometry-summary.ts');
      const { readGeometryText } = await import('../../platform/node/load-geometry.ts');
      // One of the two may be an HDF5 file whose quadrants are given.
      const load = async (path: string) =>
        loadGeometryFile(
          path,
          (await readGeometryText(path)).format === 'hdf5'
            ? options
            : { ...options, quads: undefined, inverted: undefined },
        );
      const [a, b] = [await load(before), await load(after)];
      const shifts = moduleShifts(a, b);
      context.write(options.json ? `${JSON.stringify(shifts, null, 2)}\n` : shiftsText(shifts, a.detector.pixelSize));
    });
}
