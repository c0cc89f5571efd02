// Reading and opening large runs beside h5py on the same files; page cache warm.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { bytesOf, type NdArray, zeros } from '../src/core/ndarray.ts';
import type { MultiModule } from '../src/data/detectors/multi-module.ts';
import { openDetector } from '../src/data/detectors/open-detector.ts';
import type { Run } from '../src/data/run.ts';
import { openReaderFile } from '../src/platform/node/hdf5-open.ts';
import { openRun } from '../src/platform/node/open-run.ts';
import { writeVirtualCxi } from '../src/platform/node/write-data.ts';
import { type BenchReport, medianTime } from '../tools/measure.ts';
import { root } from '../tools/process.ts';
import { LARGE_RUN, writeCorrectedRun, writeManyFiles, writeRawRun } from './large-run.ts';

const SOURCE = 'SPB_DET_AGIPD1M-1';

interface PeerTimes {
  readonly [name: string]: { readonly ms: number; readonly crc32: number };
}

function timePeer(raw: string, corrected: string): PeerTimes {
  const script = fileURLToPath(new URL('run_files_peer.py', import.meta.url));
  return JSON.parse(execFileSync('/usr/bin/python3', [script, raw, corrected], { encoding: 'utf8' }));
}

export async function bench(report: BenchReport): Promise<void> {
  // HUTCH_BENCH_DATA keeps the files of a slow disk between runs: node bench/large-run.ts FOLDER/raw raw, ..
  const kept = process.env['HUTCH_BENCH_DATA'];
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'hutch-bench-'));
  const [raw, corrected, many] = ['raw', 'corrected', 'many'].map((kind) => join(folder, kind));
  try {
    if (!kept) {
      await writeRawRun(raw);
      await writeCorrectedRun(corrected);
      await writeManyFiles(many);
    }
    // First, as in a program that has just been started.
    await benchOpening(report, many, corrected);
    await benchReading(report, raw, corrected);
  } finally {
    if (!kept) rmSync(folder, { recursive: true, force: true });
  }
}

async function benchReading(report: BenchReport, raw: string, corrected: string): Promise<void> {
  const before = timePeer(raw, corrected);
  const ours: Record<string, number> = {};
  const same = (name: string, array: NdArray) => {
    const sum = crc32(bytesOf(array));
    if (sum !== before[name].crc32) throw new Error(`${name}: our values are not those of h5py`);
  };

  await using rawRun = await openRun({ path: raw });
  const module = rawRun.key(`${SOURCE}/DET/0CH0:xtdf`, 'image.data');
  const moduleOut = zeros('uint16', module.shape);
  same('module', await module.read({ out: moduleOut }));
  ours['module'] = await medianTime(() => module.read({ out: moduleOut }));

  const detector = openDetector(rawRun, { isRaw: true });
  const train = detector.selectTrains({ by: 'index', start: 2, stop: 3 });
  const stack = await train.read();
  same('train', stack.array);
  ours['train'] = await medianTime(() => train.read({ out: stack.array }));

  await benchVirtual(report, openDetector(rawRun, { isRaw: true }), rawRun, raw, stack.array);

  await using run = await openRun({ path: corrected });
  const single: Record<string, number> = {};
  for (const name of ['mask', 'maskShuffled', 'gain']) {
    const key = run.key(`${SOURCE}/CORR/0CH0:output`, `image.${name}`);
    const out = zeros(key.dtype as 'uint32', key.shape);
    const file = openReaderFile(key.files[0]);
    file.read(key.path, undefined, out.data);
    same(name, out);
    single[name] = await medianTime(() => file.read(key.path, undefined, out.data));
    file.close();
    await medianTime(() => key.read({ out }), 3); // the threads start
    ours[name] = await medianTime(() => key.read({ out }));
    out.data.fill(0);
    same(name, await key.read({ out }));
  }
  const after = timePeer(raw, corrected);
  const peer = (name: string) => (before[name].ms + after[name].ms) / 2;
  const ratio = (name: string, ms: number, limit: string, what: string) =>
    report({
      name: what,
      value: peer(name) / ms,
      unit: 'x h5py',
      limit,
      note: `${ms.toFixed(1)} ms, h5py ${before[name].ms.toFixed(1)} and ${after[name].ms.toFixed(1)} ms`,
    });
  ratio('module', ours['module'], '>= 0.9', 'raw module of 576 frames into given memory');
  ratio('train', ours['train'], '>= 1.5', 'one train of 16 modules into a stack');
  for (const name of ['mask', 'maskShuffled', 'gain']) {
    ratio(name, single[name], '>= 1.4', `${name} of a module, one thread`);
    ratio(name, ours[name], '>= 2.5', `${name} of a module, worker threads`);
  }
}

/** One train through a virtual CXI file and from its sources, both by our reader into the same memory. */
async function benchVirtual(report: BenchReport, detector: MultiModule, run: Run, raw: string, stack: NdArray) {
  const path = join(raw, '..', 'bench_virt.cxi');
  await writeVirtualCxi(run, detector, path);
  const { modules, pulses } = LARGE_RUN;
  const frame = [2, 512, 128];
  const moduleFrames = pulses * frame.reduce((a, b) => a * b, 1);
  const first = 2 * pulses;
  const sources = Array.from({ length: modules }, (_, m) =>
    openReaderFile(run.key(`${SOURCE}/DET/${m}CH0:xtdf`, 'image.data').files[0]),
  );
  const out = new Uint16Array(modules * moduleFrames);
  const fromSources = () => {
    for (const [m, file] of sources.entries()) {
      const block = { start: [first, 0, 0, 0], count: [pulses, ...frame] };
      const part = out.subarray(m * moduleFrames, (m + 1) * moduleFrames);
      file.read(`/INSTRUMENT/${SOURCE}/DET/${m}CH0:xtdf/image/data`, block, part);
    }
  };
  const cxi = openReaderFile(path);
  const virtual = new Uint16Array(out.length);
  const block = { start: [first, 0, 0, 0, 0], count: [pulses, modules, ...frame] };
  const throughCxi = () => cxi.read('/entry_1/instrument_1/detector_1/data', block, virtual);
  fromSources();
  if (crc32(bytesOf({ ...stack, data: out })) !== crc32(bytesOf(stack)))
    throw new Error('the train read from its sources differs');
  throughCxi();
  // The virtual file has frames first, the stack modules.
  const size = frame.reduce((a, b) => a * b, 1);
  for (let f = 0; f < pulses; f += 7) {
    for (let m = 0; m < modules; m++) {
      const [a, b] = [(f * modules + m) * size, m * moduleFrames + f * size];
      if (crc32(virtual.subarray(a, a + size)) !== crc32(out.subarray(b, b + size)))
        throw new Error('the virtual CXI differs');
    }
  }
  const [direct, mapped] = [await medianTime(fromSources), await medianTime(throughCxi)];
  report({
    name: 'one train through a virtual CXI',
    value: mapped / direct,
    unit: 'x sources',
    limit: '<= 1.2',
    note: `${mapped.toFixed(1)} ms, from the sources ${direct.toFixed(1)} ms`,
  });
  for (const file of [cxi, ...sources]) file.close();
  rmSync(path);
}

async function benchOpening(report: BenchReport, many: string, corrected: string): Promise<void> {
  const open = (path: string, runMap: 'write' | 'ignore') => async () => {
    const run = await openRun({ path }, { runMap });
    await run.close();
  };
  report({
    name: 'open 400 files without a map',
    value: await medianTime(open(many, 'ignore')),
    unit: 'ms',
    limit: '<= 100',
  });
  report({
    name: 'open 400 files with the map',
    value: await medianTime(open(many, 'write')),
    unit: 'ms',
    limit: '<= 15',
  });
  report({ name: 'open 16 files without a map', value: await medianTime(open(corrected, 'ignore')), unit: 'ms' });
  // The built program, as the installed package starts it; from source it is a second Node and types to strip.
  execFileSync(process.execPath, [join(root, 'tools', 'build.ts')], { cwd: root, stdio: 'ignore' });
  const list = (program: readonly string[]) => () => {
    // bin/hutch turns the cache of compiled code on, too.
    const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') };
    const { status } = spawnSync(process.execPath, [...program, 'ls', corrected], { stdio: 'ignore', env });
    if (status !== 0) throw new Error(`hutch ls ended with ${status}`);
  };
  const built = await medianTime(list([join(root, 'dist', 'cli', 'main.js')]));
  report({ name: 'hutch ls of 16 files, whole process', value: built, unit: 'ms', limit: '<= 150' });
  const source = await medianTime(list([join(root, 'bin', 'hutch')]));
  report({ name: 'hutch ls of 16 files in a checkout', value: source, unit: 'ms' });
}
