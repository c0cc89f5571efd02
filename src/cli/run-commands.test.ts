import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOLDEN, readExpected, sha256 } from '../../test/conformance/hdf5-run-expected.ts';
import { runHere } from '../../test/server/hutch-in-process.ts';
import { bytesOf } from '../core/ndarray.ts';
import { decodeNpy } from '../formats/npy.ts';
import { addGetCommand } from './commands/get.ts';
import { addKeysCommand } from './commands/keys.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const ROOT = `${GOLDEN}root`;
const RAW = `${ROOT}/SPB/202301/p900001/raw/r0034`;
const MOTOR = 'SPB_IRU_MOT/MOTOR/X1';
const CAMERA = 'SPB_IRU_CAM/CAM/SIDEMIC:daqOutput';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function hutch(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: { ...process.env, EXTRA_DATA_DATA_ROOT: ROOT },
  });
  return { status, stdout, stderr };
}

describe('hutch get', () => {
  const sources = readExpected('raw-run').info.sources;

  it('prints what the original read', () => {
    const { status, stdout } = hutch('get', RAW, MOTOR, 'actualPosition', '--json');
    const facts = sources[MOTOR].keys['actualPosition.value'].data;
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      dtype: facts.dtype,
      shape: facts.shape,
      trainIds: readExpected('raw-run').info.train_ids,
      sha256: facts.sha256,
      data: facts.values,
    });
  });

  it('keeps every digit of 64-bit integers, and leaves data out when told', () => {
    const { stdout } = hutch('get', 'p900001/r0034', MOTOR, 'actualPosition.timestamp', '--trains', '0');
    expect(stdout).toContain('"data":[1789999999900000000]');
    expect(JSON.parse(hutch('get', RAW, MOTOR, 'actualPosition', '--no-data').stdout)).not.toHaveProperty('data');
  });

  it('cuts trains and regions', () => {
    const expected = readExpected('raw-run').keydata.roi_camera;
    const { stdout } = hutch('get', RAW, CAMERA, 'data.image.pixels', '--roi', '2:5,3:20', '--no-data');
    expect(JSON.parse(stdout)).toMatchObject({ shape: expected.shape, sha256: expected.sha256 });
    const some = JSON.parse(hutch('get', RAW, MOTOR, 'actualPosition', '--train-ids', '1000000002,1000000004').stdout);
    expect([some.trainIds, some.data]).toEqual([
      [1000000002, 1000000004],
      [17, 20.75],
    ]);
    expect(JSON.parse(hutch('get', RAW, MOTOR, 'actualPosition', '--trains', '1:5:3').stdout).trainIds).toEqual([
      1000000001, 1000000004,
    ]);
  });

  it('writes npy and csv files', () => {
    const npy = join(folder, 'camera.npy');
    expect(hutch('get', RAW, CAMERA, 'data.image.pixels', '-o', npy)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(sha256(bytesOf(decodeNpy(readFileSync(npy))))).toBe(sources[CAMERA].keys['data.image.pixels'].data.sha256);
    expect(hutch('get', RAW, MOTOR, 'actualPosition', '--format', 'csv').stdout.split('\n').slice(0, 3)).toEqual([
      'trainId,actualPosition.value',
      '1000000000,15.5',
      '1000000001,16.25',
    ]);
  });

  it('writes tables: a column an element, records by field', async () => {
    const parquet = join(folder, 'xgm.parquet');
    const args = ['get', RAW, 'SA1_XTD2_XGM/XGM/DOOCS:output', 'data.intensityTD', '--roi', '0:3'];
    expect((await runHere(addGetCommand, [...args, '-o', parquet])).code).toBe(0);
    const { parquetReadObjects } = await import('hyparquet');
    const bytes = readFileSync(parquet);
    const rows = await parquetReadObjects({
      file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    });
    expect(rows).toHaveLength(6);
    expect(Object.keys(rows[0])).toEqual(['trainId', ...[0, 1, 2].map((i) => `data.intensityTD[${i}]`)]);
    const csv = (await runHere(addGetCommand, [...args, '--format', 'csv'])).stdout.trim().split('\n');
    expect(csv[1]).toBe(Object.values(rows[0]).join());
    const hits = await runHere(addGetCommand, [
      'get',
      RAW,
      'SPB_REMI_DLD6/DET/TOP:output',
      'rec.hits',
      '--format',
      'csv',
    ]);
    expect(hits.stdout).toMatch(/^trainId,rec\.hits\.x\[0\],.*,rec\.hits\.m\[4\]\n1000000001,3\.25,5,6\.75,/);
  });

  it('finds sources by alias, and auxiliary ones', async () => {
    const [run, root] = ['p900001/r0034', ROOT];
    const aliased = await runHere(addGetCommand, ['get', run, 'xgm', 'pressure.gasType', '--no-data'], root);
    const named = ['get', run, 'SA1_XTD2_XGM/XGM/DOOCS', 'pressure.gasType', '--no-data'];
    expect(aliased).toEqual(await runHere(addGetCommand, named, root));
    const { stdout } = await runHere(addKeysCommand, ['keys', RAW, 'DA01@TRAINS_OUTSIDE_BUFFER_RANGE', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'errata' });
    expect((await runHere(addKeysCommand, ['keys', RAW, 'XGM'])).stderr).toMatch(/No source "XGM"/);
  });

  it('gives records as lists, with the digest of their bytes', async () => {
    const { data } = readExpected('raw-run').info.sources['SPB_REMI_DLD6/DET/TOP:output'].keys['rec.hits'];
    const { stdout } = await runHere(addGetCommand, ['get', RAW, 'SPB_REMI_DLD6/DET/TOP:output', 'rec.hits']);
    const given = JSON.parse(stdout);
    expect(given).toMatchObject({ dtype: data.dtype, shape: data.shape, sha256: data.sha256 });
    expect(given.data[0][1]).toEqual(data.at['1']);
    const npy = ['get', RAW, 'SPB_REMI_DLD6/DET/TOP:output', 'rec.hits', '-o', join(folder, 'hits.npy')];
    expect((await runHere(addGetCommand, npy)).stderr).toMatch(/is structured/);
  });

  it('refuses tables that are too wide', async () => {
    const args = ['get', RAW, 'SPB_DET_AGIPD1M-1/DET/0CH0:xtdf', 'image.data', '--format', 'csv'];
    expect((await runHere(addGetCommand, args)).stderr).toMatch(/a table of 131072 columns. Take npy/);
    expect((await runHere(addGetCommand, [...args, '--format', 'parquet'])).code).toBe(2);
  });

  it('fails with what, where and how, and leaves no file', () => {
    const nearest = hutch('get', RAW, MOTOR, 'actualPos');
    expect([nearest.status, nearest.stdout]).toEqual([1, '']);
    expect(nearest.stderr).toMatch(/has no key "actualPos"; nearest: actualPosition/);
    expect(nearest.stderr).not.toContain('    at ');
    expect(hutch('get', RAW, MOTOR, 'actualPosition', '--format', 'npy').status).toBe(2);
    expect(hutch('get', RAW, MOTOR, 'actualPosition', '--format', 'xls').status).toBe(2);
    expect(hutch('get', RAW, MOTOR).status).toBe(2);
    const text = join(folder, 'text.h5');
    writeFileSync(text, 'no HDF5 at all');
    const foreign = hutch('get', text, MOTOR, 'actualPosition', '-o', join(folder, 'never.npy'));
    expect(foreign.status).toBe(1);
    expect(foreign.stderr).toMatch(/text\.h5 is not an HDF5 file/);
    expect(existsSync(join(folder, 'never.npy'))).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

describe('hutch detector', () => {
  const cases = readExpected('agipd-components');
  const ofCall = (kind: 'raw' | 'proc', text: string) =>
    cases[kind].cases.find((c: { case: unknown }) => JSON.stringify(c.case) === text).result;

  it('stacks raw and corrected data as the original does', () => {
    const raw = JSON.parse(hutch('detector', RAW, '--raw', '--json').stdout);
    const facts = ofCall('raw', '{"call":"ndarray","key":"image.data"}');
    expect(raw).toMatchObject({
      dtype: facts.dtype,
      shape: facts.shape,
      sha256: facts.sha256,
      dims: ['module', 'train_pulse', 'data_gain', 'slow_scan', 'fast_scan'],
      modules: [0, 1, 2, 7, 15],
      trainIds: cases.raw.train_ids_perframe,
    });
    const mask = ofCall('proc', '{"call":"ndarray","key":"image.mask"}');
    const out = join(folder, 'mask.npy');
    const proc = JSON.parse(hutch('detector', 'p900001/r0034', '--key', 'image.mask', '-o', out, '--json').stdout);
    expect(proc).toMatchObject({ dtype: mask.dtype, shape: mask.shape, sha256: mask.sha256, isRaw: false });
    expect(sha256(bytesOf(decodeNpy(readFileSync(out))))).toBe(mask.sha256);
  });

  it('selects pulses, fills gaps', () => {
    const some = JSON.parse(hutch('detector', RAW, '--raw', '--pulses', '0:2', '--json').stdout);
    expect(some.sha256).toBe(
      ofCall('raw', '{"call":"get_array","key":"image.data","pulses":{"slice":[0,2,null]}}').sha256,
    );
    expect(some.pulseIds.slice(0, 4)).toEqual([0, 1, 0, 1]);
    const filled = JSON.parse(hutch('detector', RAW, '--raw', '--fill', '5', '--json').stdout);
    expect(filled.sha256).toBe(ofCall('raw', '{"call":"get_array","key":"image.data","kw":{"fill_value":5}}').sha256);
  });

  it('a run without detector', () => {
    const { status, stderr } = hutch('detector', `${GOLDEN}runs/fmt12`, '--json');
    expect(status).toBe(1);
    expect(stderr).toMatch(/has no detector.*run\.sources/);
    expect(hutch('detector', RAW).status).toBe(2);
  });
});

describe('hutch keys and ls', () => {
  it('lists keys with dtype, shape, counts and units', () => {
    const { keys } = JSON.parse(hutch('keys', RAW, 'SA1_XTD2_XGM/XGM/DOOCS:output', '--json').stdout);
    expect(keys).toContainEqual({
      key: 'data.intensityTD',
      dtype: '<f4',
      entryShape: [40],
      shape: [6, 40],
      entries: 6,
      trains: 6,
      units: 'μJ',
    });
    expect(hutch('keys', RAW, 'SPB_REMI_DLD6/DET/TOP:output').stdout).toMatch(/rec\.hits +record/);
  });

  it('says when a pattern matches nothing', () => {
    const { status, stderr } = hutch('ls', RAW, '-s', 'NOPE');
    expect([status, stderr]).toEqual([1, expect.stringMatching(/No matches for pattern \("\*NOPE\*", "\*"\)/)]);
  });

  it('prints JSON, with files that were left out', () => {
    const listing = JSON.parse(hutch('ls', RAW, '--json').stdout);
    expect(listing).toMatchObject({ kind: 'run', trains: 6, files: 13, skippedFiles: [], durationS: 0.6 });
    expect(listing.detectors).toEqual([
      { name: 'SPB_DET_AGIPD1M-1', type: 'AGIPD1M', isRaw: true, modules: [0, 1, 2, 7, 15], maxFrames: 3 },
    ]);
    expect(listing.sources).toHaveLength(19);
  });
});
