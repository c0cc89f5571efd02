import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Difference, GoldenAnswers } from '../../test/conformance/golden-answers.ts';
import { objectFacts } from '../../test/conformance/golden-objects.ts';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { nodeHdf5Creator } from '../platform/node/hdf5-create.ts';
import { libraryHdf5Opener, nodeHdf5Opener } from '../platform/node/hdf5-open.ts';
import { openRun } from '../platform/node/open-run.ts';
import { nodeWriteTarget } from '../platform/node/write-target.ts';
import { type CxiFillValues, defaultMinModules } from './cxi-plan.ts';
import { type DetectorChoice, openDetector } from './detectors/open-detector.ts';
import { writeVirtualCxi } from './write-cxi.ts';

const RAW = 'root/SPB/202301/p900001/raw/r0034';
const PROC = 'root/SPB/202301/p900001/proc/r0034';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-cxi-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function write(runPath: string, path: string, choice: DetectorChoice = {}, fillValues?: CxiFillValues) {
  await using run = await openRun({ path: runPath });
  const detector = openDetector(run, choice);
  await writeVirtualCxi(run, detector, nodeWriteTarget(path, run.files), { fillValues });
}

const CASES: [name: string, run: string, choice?: DetectorChoice, fill?: CxiFillValues][] = [
  ['agipd-raw', RAW],
  ['agipd-proc', PROC],
  ['agipd-proc-fill', PROC, {}, { data: -1, gain: 9, mask: 3 }],
  ['dssc-raw', 'runs/dssc'],
  ['jungfrau-burst', 'runs/jungfrau-burst'],
  ['jungfrau-1cell', 'runs/jungfrau-1cell', { firstModuleNumber: 3 }],
  ['lpd-raw', 'runs/lpd-parallelgain'],
];

const DIFFERENCES: readonly Difference[] = [
  { path: /^(fixture|peer)$/, reason: 'says how the answers were made' },
  { path: / > (detector|fillvalues)/, reason: 'how the original was called' },
  { path: / > h5ls_r$/, reason: 'the same tree as `objects`, as text of another program' },
  {
    path: /^jungfrau-burst > .*detector_1\/(data|gain|mask) > data$/,
    reason: 'values of 50 million pixels: the mappings are compared, and jungfrau-1cell has the same with values',
  },
];

describe('golden: virtual-cxi.json', () => {
  const golden = new GoldenAnswers('virtual-cxi', DIFFERENCES);

  it.each(CASES)('%s', async (name, run, choice, fillValues) => {
    const path = join(folder, 'golden', `${name}.cxi`);
    await write(join(GOLDEN, run), path, choice, fillValues);
    const file = await nodeHdf5Opener.open(path);
    try {
      expect([...file.attributes('/')]).toEqual([]);
      const { objects } = golden.get(name, 'result');
      const few = name === 'jungfrau-burst' ? withoutLargeData(objects) : objects;
      golden.check([name, 'result', 'objects'], { ...objects, ...objectFacts(file, few, 'cxi') });
    } finally {
      file.close();
    }
  });

  it('every entry was compared', () => {
    golden.expectComplete();
  });
});

// biome-ignore lint/suspicious/noExplicitAny: entries of a JSON file
function withoutLargeData(objects: Record<string, any>): Record<string, any> {
  return Object.fromEntries(
    Object.entries(objects).map(([path, { data, ...facts }]) => [
      path,
      { ...facts, ...(facts.shape?.length > 2 ? {} : { data }) },
    ]),
  );
}

describe('virtual CXI files', () => {
  it('work after the whole tree was moved, from any folder (the peer writes absolute names)', async () => {
    const proposal = join(folder, 'before');
    cpSync(join(GOLDEN, 'root/SPB/202301/p900001/proc'), join(proposal, 'proc'), { recursive: true });
    const path = join(proposal, 'scratch', 'virtual.cxi');
    await write(join(proposal, 'proc/r0034'), path);
    const read = async (at: string) => {
      const file = await libraryHdf5Opener.open(at);
      try {
        const block = { start: [0, 0, 100, 60], count: [18, 16, 1, 5] };
        const { data } = file.read('/entry_1/instrument_1/detector_1/data', block);
        return [data as Float32Array, file.datasetInfo('/entry_1/instrument_1/detector_1/data').virtualFiles] as const;
      } finally {
        file.close();
      }
    };
    const [values, files] = await read(path);
    expect(values.filter((value) => !Number.isNaN(value)).length).toBeGreaterThan(100);
    expect(files?.every((name) => name.startsWith('../proc/r0034/'))).toBe(true);
    renameSync(proposal, join(folder, 'after'));
    expect(await read(join(folder, 'after/scratch/virtual.cxi'))).toEqual([values, files]);
  });

  it('name files beside the real folder, where the given one is a symbolic link', async () => {
    const real = join(folder, 'disk/deep/scratch');
    mkdirSync(real, { recursive: true });
    symlinkSync(real, join(folder, 'link'));
    cpSync(join(GOLDEN, 'runs/dssc'), join(folder, 'dssc'), { recursive: true });
    await write(join(folder, 'dssc'), join(folder, 'link/virtual.cxi'));
    const file = await nodeHdf5Opener.open(join(folder, 'link/virtual.cxi'));
    expect(file.datasetInfo('/entry_1/cellId').virtualFiles?.[0]).toMatch(/^\.\.\/\.\.\/\.\.\/dssc\/RAW/);
    file.close();
  });

  it('LPD in parallel gain mode: ids of the first gain for all, and which gain it is', async () => {
    const path = join(folder, 'lpd.cxi');
    await write(join(GOLDEN, 'runs/lpd-parallelgain'), path, { isParallelGain: true });
    const file = await nodeHdf5Opener.open(path);
    try {
      const train = [1, 9, 17, 25];
      expect(Array.from(file.read('/entry_1/pulseId').data as BigUint64Array, Number).slice(0, 12)).toEqual(
        [train, train, train].flat(),
      );
      expect([...(file.read('/entry_1/gainIndex').data as Uint8Array)].slice(0, 13)).toEqual([
        0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 0,
      ]);
      const cells = file.read('/entry_1/cellId').data as Uint16Array;
      const ofModule = (frame: number) => cells[frame * 16 + 3];
      for (let frame = 0; frame < 4; frame++)
        expect([ofModule(frame + 4), ofModule(frame + 8)]).toEqual([ofModule(frame), ofModule(frame)]);
    } finally {
      file.close();
    }
  });

  it('minimum of modules: more than half, or 1 where nobody knows how many there are', async () => {
    await using run = await openRun({ path: join(GOLDEN, RAW) });
    const { kind } = openDetector(run);
    expect(defaultMinModules(kind)).toBe(9);
    expect(defaultMinModules({ ...kind, moduleCount: null })).toBe(1);
    expect(defaultMinModules({ ...kind, moduleCount: null }, 8)).toBe(5);
  });

  it('JUNGFRAU without gain, and places that are inputs, are refused', async () => {
    const bare = join(folder, 'bare');
    const run = join(GOLDEN, 'runs/jungfrau-1cell');
    mkdirSync(bare);
    for (const name of readdirSync(run)) {
      const source = await nodeHdf5Opener.open(join(run, name));
      const writer = await nodeHdf5Creator.create(join(bare, name));
      const copy = (group: string) => {
        for (const child of source.children(group || '/')) {
          const path = `${group}/${child.name}`;
          if (child.kind === 'group') copy(path);
          else if (child.name !== 'gain') writer.write(path, source.read(path));
        }
      };
      copy('');
      writer.close();
      source.close();
    }
    const path = join(folder, 'bare.cxi');
    await expect(write(bare, path, { firstModuleNumber: 3 })).rejects.toThrow('no data.gain');
    expect(readdirSync(folder)).not.toContain('bare.cxi');
    await expect(write(run, join(run, readdirSync(run)[0]), { firstModuleNumber: 3 })).rejects.toThrow(
      'is read for the new file',
    );
  });
});
