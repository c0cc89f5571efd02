import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isXfelError } from '../core/errors.ts';
import { ndarray } from '../core/ndarray.ts';
import { nodeHdf5Creator } from '../platform/node/hdf5-create.ts';
import { openReaderFile } from '../platform/node/hdf5-open.ts';
import { createHdf5, type Hdf5AttributeValue, type Hdf5Writer } from './hdf5-writer.ts';
import { type NexusGeometry, writeNexusGeometry } from './nexus-geometry.ts';
import { isNexusGeometry, readNexusGeometry } from './nexus-geometry-read.ts';
import { movedPoint, NexusAxes, type Triple } from './nexus-transformation.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-nexus-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const doubles = (...numbers: number[]) => ndarray('float64', [numbers.length], Float64Array.from(numbers));
const scalar = (value: number) => ndarray('float64', [], Float64Array.of(value));

/** A field of a file: its value, and its attributes; undefined leaves one out. */
interface Field {
  readonly value: number | readonly number[] | string;
  readonly attributes?: Readonly<Record<string, Hdf5AttributeValue | readonly number[] | undefined>>;
}
/** By path; groups are known by their class. */
type Fields = Readonly<Record<string, Field | null>>;

const D = '/entry/instrument/D';
const M = `${D}/M`;
const CLASSES: Readonly<Record<string, string>> = {
  '/entry': 'NXentry',
  '/entry/instrument': 'NXinstrument',
  '/entry/instrument/beam': 'NXbeam',
  [D]: 'NXdetector',
  [`${D}/axes`]: 'NXtransformations',
  [M]: 'NXdetector_module',
};

/** One module of 2 x 3 pixels, 0.1 mm wide and 0.2 mm high, on an arm turned by 90 degrees about y that is 2 m long. */
const ARM: Fields = {
  '/entry/instrument/beam/incident_wavelength': { value: 1.5, attributes: { units: 'angstrom' } },
  [`${D}/depends_on`]: { value: 'axes/turn' },
  [`${D}/axes/along`]: {
    value: 2000,
    attributes: { units: 'mm', transformation_type: 'translation', vector: [0, 0, 1], depends_on: '.' },
  },
  [`${D}/axes/turn`]: {
    value: 90,
    attributes: {
      units: 'deg',
      transformation_type: 'rotation',
      vector: [0, 3, 0],
      offset: [0, 10, 0],
      offset_units: 'um',
      depends_on: 'along',
    },
  },
  [`${M}/data_origin`]: { value: [0, 0] },
  [`${M}/data_size`]: { value: [2, 3] },
  [`${M}/module_offset`]: {
    value: 1,
    attributes: {
      units: 'mm',
      transformation_type: 'translation',
      vector: [1, 2, 0],
      offset: [0, 0, 4],
      offset_units: 'mm',
      depends_on: '../axes/turn',
    },
  },
  [`${M}/fast_pixel_direction`]: {
    value: 0.1,
    attributes: { units: 'mm', transformation_type: 'translation', vector: [-1, 0, 0], depends_on: 'module_offset' },
  },
  [`${M}/slow_pixel_direction`]: {
    value: 200,
    attributes: {
      units: '\u00b5m',
      transformation_type: 'translation',
      vector: [0, -1, 0],
      depends_on: `${M}/module_offset`,
    },
  },
};

function fill(writer: Hdf5Writer, fields: Fields): void {
  for (const [path, nxClass] of Object.entries(CLASSES)) {
    writer.group(path);
    writer.attributes(path, { NX_class: nxClass });
  }
  for (const [path, field] of Object.entries(fields)) {
    if (!field) continue;
    const { value, attributes = {} } = field;
    const isIndex = /data_(origin|size|stride)$/.test(path);
    if (typeof value === 'string') writer.write(path, ndarray('string', [], [value]));
    else if (typeof value === 'number') writer.write(path, scalar(value));
    else if (isIndex) writer.write(path, ndarray('int32', [value.length], Int32Array.from(value)));
    else writer.write(path, doubles(...value));
    const told = Object.entries(attributes).flatMap(([name, each]) =>
      each === undefined
        ? []
        : [[name, Array.isArray(each) ? doubles(...each) : (each as Hdf5AttributeValue)] as const],
    );
    writer.attributes(path, Object.fromEntries(told));
  }
}

async function made(fields: Fields, more: (writer: Hdf5Writer) => void = () => undefined): Promise<string> {
  const path = join(folder, 'x.nxs');
  await createHdf5(nodeHdf5Creator, path, (writer) => {
    fill(writer, fields);
    more(writer);
  });
  return path;
}

function read(path: string): NexusGeometry {
  const file = openReaderFile(path);
  try {
    return readNexusGeometry(file);
  } finally {
    file.close();
  }
}

/** The file of {@link ARM} with one attribute of a field changed. */
function changed(path: string, name: string, value: Hdf5AttributeValue | readonly number[] | undefined): Fields {
  const field = ARM[path] as Field;
  return { ...ARM, [path]: { ...field, attributes: { ...field.attributes, [name]: value } } };
}
const valued = (path: string, value: Field['value']): Fields => ({ ...ARM, [path]: { ...ARM[path], value } });
const without = (path: string): Fields => ({ ...ARM, [path]: null });

function expectVector(got: readonly number[], wanted: readonly number[]): void {
  for (const [axis, n] of wanted.entries()) expect(got[axis], `axis ${axis}`).toBeCloseTo(n, 14);
}

describe('modules of a NeXus file', () => {
  it('follow their axes: numbers worked out by hand', async () => {
    // In the frame of the arm: value * vector + offset = (1, 2, 0) + (0, 0, 4) mm. A turn by 90 degrees about y brings x to -z
    // and z to x: (4, 2, -1) mm. Then 10 um up, and 2 m along the beam.
    const { detector, distance, photonEnergyKeV, tiles } = read(await made(ARM));
    expect(detector).toBe('D');
    expect(distance).toBe(2);
    expect(photonEnergyKeV).toBeCloseTo(12.398419843320026 / 1.5, 12);
    expect(tiles).toMatchObject([{ name: M, origin: [0, 0], size: [2, 3] }]);
    expectVector(tiles[0].corner, [4e-3, 2.01e-3, -1e-3]);
    expectVector(tiles[0].fs, [0, 0, 1e-4]);
    expectVector(tiles[0].ss, [0, -2e-4, 0]);
  });

  it('half turns in rad, and axes of one value in a list', async () => {
    const turn = `${D}/axes/turn`;
    const fields = {
      ...ARM,
      [turn]: { value: [Math.PI, Math.PI], attributes: { ...(ARM[turn] as Field).attributes, units: 'rad' } },
    };
    const { tiles } = read(await made(fields));
    expectVector(tiles[0].corner, [-1e-3, 2.01e-3, -4e-3]);
    expectVector(tiles[0].fs, [1e-4, 0, 0]);
  });

  it('the corner may be an offset of the pixel directions, with or without a module_offset', async () => {
    const [fast, slow, module] = ['fast_pixel_direction', 'slow_pixel_direction', 'module_offset'].map(
      (name) => `${M}/${name}`,
    );
    const attributesOf = (path: string) => (ARM[path] as Field).attributes;
    const own = { offset: [1, 2, 4], offset_units: 'mm', depends_on: '../axes/turn' };
    const byOffset: Fields = {
      ...ARM,
      [module]: null,
      [fast]: { value: 0.1, attributes: { ...attributesOf(fast), ...own } },
      [slow]: { value: 200, attributes: { ...attributesOf(slow), ...own } },
    };
    const wanted = [4e-3, 2.01e-3, -1e-3];
    expectVector(read(await made(byOffset)).tiles[0].corner, wanted);
    // Beside it: said twice, or with nothing to say.
    expectVector(read(await made({ ...byOffset, [module]: ARM[module] })).tiles[0].corner, wanted);
    const zero = { value: 0, attributes: { ...attributesOf(module), vector: [0, 0, 0], offset: undefined } };
    expectVector(read(await made({ ...byOffset, [module]: zero })).tiles[0].corner, wanted);
    const other = { value: 2, attributes: attributesOf(module) };
    expect(read.bind(null, await made({ ...byOffset, [module]: other }))).toThrow(
      /module_offset and another offset of the pixel directions/,
    );
    // module_offset beside directions that do not depend on it and have no offset.
    const beside = (path: string) => ({
      value: (ARM[path] as Field).value,
      attributes: { ...attributesOf(path), depends_on: '../axes/turn' },
    });
    expectVector(read(await made({ ...ARM, [fast]: beside(fast), [slow]: beside(slow) })).tiles[0].corner, wanted);
  });

  it('the distance is that of the axes, else the number, else that of the first corner, else none', async () => {
    const flat = `${D}/axes/along`;
    const noAxes = { ...ARM, [`${D}/depends_on`]: null };
    const told = { ...noAxes, [`${D}/distance`]: { value: 1.5, attributes: { units: 'm' } } };
    expect(read(await made(told)).distance).toBe(1.5);
    expect(read(await made(told)).tiles[0].corner[2]).toBeCloseTo(0.499, 14);
    const byCorner = read(await made(noAxes));
    expect(byCorner.distance).toBeCloseTo(1.999, 14);
    expect(byCorner.tiles[0].corner[2]).toBe(0);
    const nowhere = read(await made({ ...valued(flat, 0), '/entry/instrument/beam/incident_wavelength': null }));
    expect([nowhere.distance, nowhere.photonEnergyKeV]).toEqual([null, null]);
    expectVector(nowhere.tiles[0].corner, [4e-3, 2.01e-3, -1e-3]);
  });

  it('a spectrum is no photon energy, an energy is taken in eV and keV', async () => {
    const beam = '/entry/instrument/beam';
    const energy = async (value: Field['value'], units: string) =>
      read(await made({ ...ARM, [`${beam}/incident_energy`]: { value, attributes: { units } } })).photonEnergyKeV;
    expect(await energy(9300, 'eV')).toBeCloseTo(9.3, 14);
    expect(await energy(9.3, 'keV')).toBe(9.3);
    expect(await energy([9.2, 9.3], 'keV')).toBeCloseTo(8.2656, 4);
    await expect(energy(9.3, 'furlong')).rejects.toThrow(/incident_energy has units "furlong"/);
    await expect(energy(-1, 'keV')).rejects.toThrow(/must be above 0/);
  });

  it('random chains of axes do what they say one after the other', async () => {
    const number = fc.double({ min: -2, max: 2, noNaN: true });
    const direction = fc.tuple(number, number, number).filter((v) => Math.hypot(...v) > 0.1);
    const axis = fc.record({
      isTurn: fc.boolean(),
      value: number,
      vector: direction,
      offset: fc.tuple(number, number, number),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(axis, { minLength: 1, maxLength: 6 }),
        fc.tuple(number, number, number),
        async (axes, point) => {
          const path = join(folder, 'chain.nxs');
          await createHdf5(nodeHdf5Creator, path, (writer) => {
            for (const [i, { isTurn, value, vector, offset }] of axes.entries()) {
              writer.write(`/a${i}`, scalar(value));
              writer.attributes(`/a${i}`, {
                units: isTurn ? 'rad' : 'm',
                transformation_type: isTurn ? 'rotation' : 'translation',
                vector: doubles(...vector),
                offset: doubles(...offset),
                offset_units: 'm',
                ...(i + 1 < axes.length ? { depends_on: `a${i + 1}` } : {}),
              });
            }
          });
          // Rodrigues' formula for vectors, where the program multiplies matrices.
          let wanted: Triple = point;
          for (const { isTurn, value, vector, offset } of axes) {
            const k = vector.map((n) => n / Math.hypot(...vector));
            const [x, y, z] = wanted;
            const dot = k[0] * x + k[1] * y + k[2] * z;
            const cross = [k[1] * z - k[2] * y, k[2] * x - k[0] * z, k[0] * y - k[1] * x];
            wanted = wanted.map((n, i) =>
              isTurn
                ? n * Math.cos(value) + cross[i] * Math.sin(value) + k[i] * dot * (1 - Math.cos(value)) + offset[i]
                : n + vector[i] * value + offset[i],
            ) as unknown as Triple;
          }
          const file = openReaderFile(path);
          const got = movedPoint(new NexusAxes(file).toLaboratory('/a0'), point);
          file.close();
          for (const i of [0, 1, 2]) expect(got[i]).toBeCloseTo(wanted[i], 10);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('what was written is read', async () => {
    const number = fc.double({ min: -1, max: 1, noNaN: true });
    const step = fc.tuple(number, number, number).filter((v) => Math.hypot(...v) > 1e-6);
    const tile = fc.record({ corner: fc.tuple(number, number, number), ss: step, fs: step });
    const index = fc.nat({ max: 5000 });
    const distance = fc.double({ min: 0.01, max: 20, noNaN: true });
    const energy = fc.option(fc.double({ min: 0.1, max: 100, noNaN: true }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(tile, index, index), { minLength: 1, maxLength: 5 }),
        distance,
        energy,
        async (rows, along, photonEnergyKeV) => {
          const tiles = rows.map(([numbers, ss, fs], i) => ({
            ...numbers,
            name: `p${i}`,
            origin: [i, ss, fs],
            size: [1, ss + 1, fs + 1],
          }));
          const path = join(folder, 'written.nxs');
          await createHdf5(nodeHdf5Creator, path, (writer) =>
            writeNexusGeometry(writer, { detector: 'A/B 1', distance: along, photonEnergyKeV, tiles }),
          );
          const got = read(path);
          expect(got).toMatchObject({ detector: 'A/B 1', distance: along, photonEnergyKeV });
          for (const [i, { corner, ss, fs, origin, size }] of tiles.entries()) {
            expect(got.tiles[i]).toMatchObject({ name: `/entry/instrument/A_B_1/p${i}`, origin, size });
            for (const axis of [0, 1, 2]) {
              expect(Math.abs(got.tiles[i].corner[axis] - corner[axis])).toBeLessThan(1e-14);
              expect(Math.abs(got.tiles[i].ss[axis] - ss[axis])).toBeLessThan(1e-15);
              expect(Math.abs(got.tiles[i].fs[axis] - fs[axis])).toBeLessThan(1e-15);
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('NeXus files that are refused', () => {
  const [along, turn] = [`${D}/axes/along`, `${D}/axes/turn`];
  const [fast, slow, offset] = ['fast', 'slow']
    .map((name) => `${M}/${name}_pixel_direction`)
    .concat(`${M}/module_offset`);
  const cases: readonly (readonly [string, Fields, RegExp])[] = [
    [
      'axes in a circle',
      changed(along, 'depends_on', 'turn'),
      /axes\/turn depends on itself: .*turn -> .*along -> .*turn\. End/,
    ],
    ['an axis that stands on itself', changed(along, 'depends_on', 'along'), /along depends on itself/],
    [
      'an axis that is not there',
      changed(turn, 'depends_on', 'nowhere'),
      /axes\/nowhere is no dataset, but .*turn depends on it/,
    ],
    ['an axis that is a group', changed(turn, 'depends_on', '/entry'), /\/entry is no dataset/],
    ['no vector', changed(turn, 'vector', undefined), /turn has no attribute vector: it must be three numbers/],
    ['two numbers for a vector', changed(turn, 'vector', [1, 0]), /turn has vector \(1, 0\)/],
    ['text for a vector', changed(turn, 'vector', 'x'), /turn has vector \(\)/],
    ['NaN in a vector', changed(turn, 'vector', [Number.NaN, 0, 1]), /turn has vector \(NaN, 0, 1\)/],
    ['a turn about nothing', changed(turn, 'vector', [0, 0, 0]), /turns about the vector \(0, 0, 0\)/],
    [
      'a way along nothing',
      changed(offset, 'vector', [0, 0, 0]),
      /module_offset goes 0\.001 m along the vector \(0, 0, 0\)/,
    ],
    ['pixels of no size', valued(fast, 0), /fast_pixel_direction is 0: it must be the size of a pixel/],
    ['no units', changed(along, 'units', undefined), /along has no attribute units: say "m", "mm" or "um"/],
    ['no units of an angle', changed(turn, 'units', undefined), /turn has no attribute units: say "deg" or "rad"/],
    [
      'unknown units',
      changed(slow, 'units', 'inch'),
      /slow_pixel_direction has units "inch", which is no length .*: m, cm, mm, um/,
    ],
    ['a turn in metres', changed(turn, 'units', 'm'), /turn has units "m", which is no angle/],
    ['units that are a number', changed(along, 'units', 3), /along has an attribute units that is no text/],
    [
      'an offset in unknown units',
      changed(turn, 'offset_units', 'deg'),
      /turn has offset_units "deg", which is no length/,
    ],
    [
      'an offset of a turn without units',
      changed(turn, 'offset_units', undefined),
      /turn has an offset without offset_units/,
    ],
    ['no kind of axis', changed(turn, 'transformation_type', undefined), /turn has no attribute transformation_type/],
    ['another kind of axis', changed(turn, 'transformation_type', 'shear'), /transformation_type "shear"/],
    [
      'a module that stands on nothing',
      changed(fast, 'depends_on', undefined),
      /fast_pixel_direction has no attribute depends_on/,
    ],
    [
      'an offset that stands on nothing',
      {
        ...changed(offset, 'depends_on', undefined),
        [fast]: { ...(ARM[fast] as Field), attributes: { ...(ARM[fast] as Field).attributes, depends_on: '.' } },
        [slow]: { ...(ARM[slow] as Field), attributes: { ...(ARM[slow] as Field).attributes, depends_on: '.' } },
      },
      /module_offset has no attribute depends_on/,
    ],
    ['directions that begin at different places', changed(slow, 'depends_on', '.'), /begin at different places/],
    ['an axis that moves', valued(turn, [1, 2, 3]), /turn has 3 different values, as of a scan/],
    ['an axis without a value', valued(turn, []), /turn has 0 values/],
    ['an axis at infinity', valued(along, Number.POSITIVE_INFINITY), /along is Infinity/],
    ['text for a length', valued(along, 'far'), /along holds no numbers/],
    ['no place in the data', without(`${M}/data_origin`), /data_origin is missing/],
    ['no size', without(`${M}/data_size`), /data_size is missing/],
    ['no fast direction', without(fast), /fast_pixel_direction is missing/],
    [
      'four numbers for a place',
      valued(`${M}/data_origin`, [0, 0, 0, 0]),
      /data_origin must be two or three whole numbers.*\[4\]/,
    ],
    ['a place before the data', valued(`${M}/data_origin`, [-1, 0]), /data_origin is \(-1, 0\)/],
    ['no pixels', valued(`${M}/data_size`, [0, 3]), /data_size is \(0, 3\)/],
    ['a size of other axes', valued(`${M}/data_size`, [1, 2, 3]), /data_size has 3 numbers, and data_origin 2/],
    [
      'several planes',
      { ...valued(`${M}/data_size`, [2, 2, 3]), [`${M}/data_origin`]: { value: [0, 0, 0] } },
      /one plane of the data/,
    ],
    ['every second pixel', { ...ARM, [`${M}/data_stride`]: { value: [1, 2] } }, /data_stride is \(1, 2\)/],
    [
      'a distance without units',
      { ...without(`${D}/depends_on`), [`${D}/distance`]: { value: 1 } },
      /distance has no attribute units/,
    ],
  ];
  it.each(cases)('%s', async (_, fields, reason) => {
    const path = await made(fields);
    let error: unknown;
    try {
      read(path);
    } catch (thrown) {
      error = thrown;
    }
    expect(isXfelError(error, 'FormatInvalid'), String(error)).toBe(true);
    expect(String(error)).toMatch(reason);
    expect(String(error)).toContain('x.nxs');
  });

  it('steps of a plane of one row are no matter', async () => {
    const one = { ...valued(`${M}/data_size`, [1, 3]), [`${M}/data_stride`]: { value: [0, 1] } };
    expect(read(await made(one)).tiles[0].size).toEqual([1, 3]);
  });

  it('a chain of far too many axes', async () => {
    const path = await made(changed(along, 'depends_on', '/long/a0'), (writer) => {
      for (let i = 0; i < 300; i++) {
        writer.write(`/long/a${i}`, scalar(0));
        writer.attributes(`/long/a${i}`, {
          units: 'm',
          transformation_type: 'translation',
          vector: doubles(1, 0, 0),
          depends_on: `a${i + 1}`,
        });
      }
    });
    expect(() => read(path)).toThrow(/depends on more than 200 axes/);
  });

  it('two detectors, and none', async () => {
    const second = (writer: Hdf5Writer) => {
      writer.attributes('/entry/instrument/E', { NX_class: 'NXdetector' });
      writer.attributes('/entry/instrument/E/M', { NX_class: 'NXdetector_module' });
    };
    const two = await made(ARM, (writer) => {
      writer.group('/entry/instrument/E');
      writer.group('/entry/instrument/E/M');
      second(writer);
    });
    expect(() => read(two)).toThrow(/describes 2 detectors \(\/entry\/instrument\/D, \/entry\/instrument\/E\)/);
    const path = join(folder, 'none.h5');
    await createHdf5(nodeHdf5Creator, path, (writer) => writer.write('/entry/x', scalar(1)));
    const file = openReaderFile(path);
    expect(isNexusGeometry(file)).toBe(false);
    expect(() => readNexusGeometry(file)).toThrow(/has no NXdetector_module/);
    file.close();
  });
});
