import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { golden, hasShared, readCase, sharedGolden } from '../../../test/golden/geometry/golden.ts';
import { isXfelError } from '../../core/errors.ts';
import { type CrystfelGeom, type ParseGeomOptions, parseGeom } from './geom.ts';
import type { GeomFinding } from './geom-lines.ts';

/** What CrystFEL 0.12.0 made of a file. */
interface ParsedCase {
  readonly input_file: string;
  readonly parsed: Record<string, unknown> & { readonly accepted: boolean };
}

/** Our reading in the words of the reference. */
function asReference(geom: CrystfelGeom): Record<string, unknown> {
  const beam = geom.beam;
  return {
    accepted: true,
    wavelength_from: beam?.source,
    wavelength_kind: beam && `${beam.kind} ${beam.unit}`,
    wavelength_m: beam?.value,
    clen_from: geom.clen?.text,
    shift_x_from: geom.shiftX?.text ?? null,
    shift_y_from: geom.shiftY?.text ?? null,
    bandwidth: geom.bandwidth,
    peak_list: geom.peakList,
    peak_list_type: geom.peakListType,
    panels: geom.panels.map((panel) => ({
      name: panel.name,
      corner_x: panel.cornerX,
      corner_y: panel.cornerY,
      coffset: panel.coffset,
      pixel_pitch: 1 / panel.res,
      fs: panel.fs,
      ss: panel.ss,
      min_fs: panel.minFs,
      max_fs: panel.maxFs,
      min_ss: panel.minSs,
      max_ss: panel.maxSs,
      no_index: Number(panel.isNotIndexed),
      mask_edge_pixels: panel.edgePixels,
      adu_scale: panel.gain?.value,
      adu_scale_unit: panel.gain?.unit,
      max_adu: Number.isFinite(panel.maxAdu) ? panel.maxAdu : 'inf',
      data: panel.data,
      saturation_map: panel.saturationMap,
      saturation_map_file: panel.saturationMapFile,
      dims: panel.dims,
      flags: panel.flags.map((flag) => [flag.kind, flag.value]),
      masks: panel.masks.map((mask) => ({
        n: mask.index,
        data: mask.data,
        file: mask.file,
        goodbits: mask.goodBits,
        badbits: mask.badBits,
      })),
    })),
    bad: geom.badRegions.map((region) =>
      region.kind === 'lab'
        ? {
            name: region.name,
            is_fsss: 0,
            min_x: region.minX,
            max_x: region.maxX,
            min_y: region.minY,
            max_y: region.maxY,
          }
        : {
            name: region.name,
            is_fsss: 1,
            panel: region.panel,
            panel_relative: true,
            min_fs: region.minFs,
            max_fs: region.maxFs,
            min_ss: region.minSs,
            max_ss: region.maxSs,
          },
    ),
    groups: geom.groups,
  };
}

/** Numbers of the reference are doubles printed in full, except that CrystFEL computes the wavelength in float. */
function expectParsed(geom: CrystfelGeom, parsed: ParsedCase['parsed']): void {
  const { wavelength_m: wavelength, ...ours } = asReference(geom);
  const { wavelength_m: expected, mean_panel_z_m: _, ...theirs } = parsed;
  expect(ours).toEqual(theirs);
  if (expected === null) expect(wavelength).toBeNull();
  else expect(Math.abs(Number(wavelength) / Number(expected) - 1)).toBeLessThan(1e-6);
}

/** The error of a refused file, with the line it names. */
function refusal(text: string, options: ParseGeomOptions = {}): { message: string; line: number } {
  try {
    parseGeom(text, options);
  } catch (error) {
    if (isXfelError(error, 'GeometryInvalid')) return { message: error.message, line: Number(error.details.line) };
    throw error;
  }
  throw new Error('the file was accepted');
}

const lineOf = (text: string, part: string) => text.split('\n').findIndex((line) => line.includes(part)) + 1;

/** Refused files: the line that is at fault, found by its text (0: the file as a whole), and the reason that must be said. */
const REASONS: Readonly<Record<string, readonly [part: string | null, reason: RegExp]>> = {
  bad_mixed_rejected: ['bad', /mixes fs\/ss with x\/y/],
  bad_no_panel_two_panels_rejected: ['bad', /needs a panel/],
  bad_outside_panel_rejected: ['bad', /is not inside of panel/],
  clen_missing_rejected: [null, /no clen/],
  clen_per_panel_rejected: ['a/clen', /clen is for the whole file: use coffset/],
  defaults_trailing_rejected: ['res = 10000', /comes after the last panel/],
  dims_fs_before_ss_rejected: ['a/', /ss must come before fs/],
  gain_missing_rejected: ['a/', /neither adu_per_eV nor adu_per_photon/],
  line_without_equals_rejected: ['hello', /is no assignment/],
  mask_bits_without_path_rejected: ['mask', /has bits but no mask\d_data/],
  mask_more_placeholders_rejected: ['mask', /more "%" in its path/],
  vector_exponent_rejected: ['e-', /must be a sum/],
  wavelength_no_unit_rejected: ['wavelength', /wavelength = ".*" must be a number above 0/],
};

const CASES = readdirSync(`${golden}crystfel`)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name.slice(0, -5), readCase<ParsedCase>(golden, `crystfel/${name}`)] as const);

describe('CrystFEL .geom, against the reader of CrystFEL 0.12.0', () => {
  it.each(CASES.filter(([, { parsed }]) => parsed.accepted))('accepts %s with the same values', (_, reference) => {
    const text = readFileSync(golden + reference.input_file, 'utf8');
    expectParsed(parseGeom(text), reference.parsed);
  });

  it.each(CASES.filter(([, { parsed }]) => !parsed.accepted))('refuses %s with line and reason', (name, reference) => {
    const text = readFileSync(golden + reference.input_file, 'utf8');
    const { message, line } = refusal(text, { path: 'x.geom' });
    expect(REASONS).toHaveProperty(name);
    const [part, reason] = REASONS[name];
    expect(message).toMatch(reason);
    expect(line).toBe(part === null ? 0 : lineOf(text, part));
    expect(message).toMatch(part === null ? /^x\.geom: / : new RegExp(`^x\\.geom, line ${line}: `));
  });
});

/** Other projects' own files, which may not be copied here. */
const FOREIGN = [
  'agipd_mar18_v11.crystfel',
  'jf4m_vds.crystfel',
  'write_lpd.crystfel',
  'example_Eiger16M-binning2-nativefiles',
  'example_jf-swissfel-16M',
  'example_pilatus',
  'example_simple',
];

describe.skipIf(!hasShared)('CrystFEL .geom of other projects (beside the repository only)', () => {
  it.each(FOREIGN)('%s', (name) => {
    const reference = readCase<ParsedCase>(sharedGolden, `crystfel/${name}.json`);
    const path = sharedGolden + reference.input_file;
    expect(existsSync(path)).toBe(true);
    const text = readFileSync(path, 'utf8');
    if (reference.parsed.accepted) expectParsed(parseGeom(text), reference.parsed);
    else expect(refusal(text, { path: basename(path) }).message).toMatch(/^example_simple\.geom/);
  });
});

const SMALL = readFileSync(`${golden}crystfel/clen_mm.geom`, 'utf8');

describe('CrystFEL .geom, lenient', () => {
  it('takes what EXtra-geom takes, and tells of every fault', () => {
    const without = SMALL.replace(/^(clen|adu_per_\w+|photon_energy).*$/gm, '');
    expect(refusal(without).message).toMatch(/and \d more/);
    const geom = parseGeom(without, { mode: 'lenient' });
    expect([geom.beam, geom.clen, geom.panels[0].gain]).toEqual([null, null, null]);
    expect(geom.findings.map(({ severity }: GeomFinding) => severity)).toEqual(['error', 'error', 'error']);
  });

  it('refuses a panel without a place, whatever the mode', () => {
    const text = SMALL.replace(/^.*corner_x.*$/gm, '');
    expect(refusal(text, { mode: 'lenient' }).message).toMatch(/has no corner_x/);
    expect(refusal('', { mode: 'lenient' })).toEqual({ message: 'geometry: There is no panel.', line: 0 });
    expect(refusal(SMALL.replace(/^(.*res) = .*$/gm, '$1 = 0'), { mode: 'lenient' }).message).toMatch(
      /res = 0 must be pixels per metre/,
    );
    expect(refusal(SMALL.replace(/^(.*max_fs) = .*$/gm, '$1 = -1'), { mode: 'lenient' }).message).toMatch(
      /empty or negative pixel range/,
    );
    for (const fs of ['0x', '-2y'])
      expect(refusal(SMALL.replace(/^(.*\/)fs = .*$/gm, `$1fs = ${fs}`), { mode: 'lenient' }).message).toMatch(
        /Panel \w+ has pixels without area/,
      );
  });

  it('tells once what all panels lack', () => {
    const two = `${SMALL.replace(/^adu_per_\w+.*$/gm, '')}\nb/corner_x = 0\nb/corner_y = 90\nb/fs = x\nb/ss = y\n`;
    expect(parseGeom(two, { mode: 'lenient' }).findings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Panel \w+ and 1 more have neither adu_per_eV nor adu_per_photon/),
    ]);
  });

  it('warns of a shift that is in the data files, and of bad regions without a pixel', () => {
    const warnings = (text: string) =>
      parseGeom(text, { mode: 'strict' }).findings.map(({ severity, message }) => `${severity}: ${message}`);
    expect(warnings(`detector_shift_x = /motor/x mm\n${SMALL}`)).toEqual([
      'warning: detector_shift_x = /motor/x mm is in the data files: positions here are without it.',
    ]);
    expect(warnings(`detector_shift_y = 1 mm\n${SMALL}`)).toEqual([]);
    expect(warnings(`${SMALL}\nbad1/min_x = 5\nbad1/max_x = 3\nbad1/min_y = 1\nbad1/max_y = 1\n`)).toEqual([
      'warning: Bad region bad1 holds no pixel: min_x is above max_x.',
    ]);
  });

  it('warns of a distance that is none', () => {
    for (const clen of ['0', '-0.2 m'])
      expect(parseGeom(SMALL.replace(/^clen.*$/m, `clen = ${clen}`), { mode: 'strict' }).findings).toEqual([
        { line: expect.any(Number), severity: 'warning', message: expect.stringContaining(`clen = ${clen} is no`) },
      ]);
  });
});

const HEAD = 'photon_energy = 9300\nclen = 0.2\n';

describe('CrystFEL .geom, hostile', () => {
  it('whatever is cut or written over, the answer is a geometry or GeometryInvalid', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CASES.map(([, { input_file }]) => input_file)),
        fc.nat(),
        fc.string({ maxLength: 20, unit: 'binary-ascii' }),
        fc.constantFrom<ParseGeomOptions['mode']>('strict', 'lenient'),
        (file, at, text, mode) => {
          const whole = readFileSync(golden + file, 'utf8').slice(0, 4000);
          const place = at % whole.length;
          for (const damaged of [whole.slice(0, place), whole.slice(0, place) + text + whole.slice(place + 3)]) {
            try {
              const { panels } = parseGeom(damaged, { mode });
              for (const { fs, ss, res } of panels) expect([...fs, ...ss, 1 / res].every(Number.isFinite)).toBe(true);
            } catch (error) {
              if (!isXfelError(error, 'GeometryInvalid')) throw error;
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('long lines are cut in messages, and a file of any size is read in a moment', () => {
    expect(refusal(`${'x'.repeat(1e6)}\n`).message.length).toBeLessThan(200);
    const start = performance.now();
    expect(refusal(`${HEAD}${'a/fs = +\n'.repeat(100_000)}`).message).toMatch(/line 3: fs = "\+" must be a sum/);
    expect(refusal(`${HEAD}a/fs = ${'1'.repeat(1e5)}x${'+x'.repeat(1e5)}y!\n`).message).toMatch(/must be a sum/);
    expect(refusal(`${HEAD}a/res = ${'1'.repeat(1e5)}!\n`).message).toMatch(/must be a finite number/);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
