import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectArray, readExpected, sha256 } from '../../test/conformance/hdf5-run-expected.ts';
import { goldenApp } from '../../test/server/golden-app.ts';
import { decodeFrame, type Frame } from '../api/frames.ts';
import type { SeriesMeta } from '../api/run-calls.ts';
import {
  type DetectorFrameMeta,
  geometryInfoSchema,
  keyInfoSchema,
  proposalSchema,
  runInfoSchema,
  runRowSchema,
  serverStatusSchema,
} from '../api/run-contract.ts';
import { bytesOf } from '../core/ndarray.ts';

const DETECTOR = 'SPB_DET_AGIPD1M-1';
const RUN = '/api/runs/p900001/34';
const MOTOR = 'SPB_IRU_MOT/MOTOR/X1';
let app: FastifyInstance;
let close: () => Promise<void>;
let faults: unknown[];

beforeAll(async () => {
  ({ app, close, faults } = await goldenApp());
});
afterAll(async () => {
  expect(faults).toEqual([]);
  await close();
});

async function getJson(url: string, status = 200) {
  const reply = await app.inject({ url });
  expect([url, reply.statusCode, reply.body.slice(0, 300)]).toEqual([url, status, expect.any(String)]);
  expect(reply.headers['content-type']).toMatch(/^application\/json/);
  return reply.json();
}

async function getFrame<Meta>(url: string): Promise<Frame<Meta>> {
  const reply = await app.inject({ url });
  expect(reply.statusCode, reply.body.slice(0, 300)).toBe(200);
  expect(reply.headers['content-type']).toBe('application/octet-stream');
  return decodeFrame<Meta>(new Uint8Array(reply.rawPayload).slice().buffer);
}

/** A refusal in the contract's words. */
async function refused(url: string, status: number, error: string, message: RegExp) {
  const body = await getJson(url, status);
  expect([url, body]).toEqual([url, { error, message: expect.stringMatching(message), details: expect.any(Object) }]);
  expect(body.message).not.toMatch(/ at .*\.ts:/);
}

describe('run routes on the golden proposal', () => {
  const { info } = readExpected('raw-run');

  it('status, geometry, proposals and runs', async () => {
    expect(serverStatusSchema.strict().parse(await getJson('/api/status'))).toMatchObject({ version: '1.2.3' });
    expect(geometryInfoSchema.parse(await getJson('/api/geometry'))).toMatchObject({
      detector: 'AGIPD1M',
      shape: [1256, 1092],
      centre: [631, 550],
      tiles: expect.objectContaining({ length: 128 }),
    });
    const [proposal, ...none] = proposalSchema.array().parse(await getJson('/api/proposals'));
    expect(none).toEqual([]);
    expect(proposal).toMatchObject({ proposal: 'p900001', instrument: 'SPB', cycle: '202301', runs: 1 });
    const [row] = runRowSchema.array().parse(await getJson('/api/proposals/p900001/runs'));
    expect(row).toMatchObject({ run: 34, hasRaw: true, hasProc: true, files: 19, trains: 6, detectors: [DETECTOR] });
  });

  it('a run: trains, sources, detectors', async () => {
    const raw = runInfoSchema.parse(await getJson(`${RUN}?data=raw`));
    expect(raw.sources.map((source) => source.name).sort()).toEqual(
      [...info.control_sources, ...info.instrument_sources].sort(),
    );
    expect([raw.trains, raw.firstTrainId, raw.lastTrainId]).toEqual([6, 1000000000, 1000000005]);
    for (const { name, trains } of raw.sources) {
      const [counts] = Object.values(info.sources[name].data_counts) as number[][];
      if (info.sources[name].is_run_only || info.sources[name].index_groups.length > 1) continue;
      expect([name, trains]).toEqual([name, counts.filter((count) => count > 0).length]);
    }
    expect(raw.detectors).toEqual([
      {
        name: DETECTOR,
        type: 'AGIPD1M',
        modules: [0, 1, 2, 7, 15],
        isRaw: true,
        isCorrectable: false,
        trains: 6,
        trainRanges: [[1000000000, 6]],
        maxPulses: 3,
      },
    ]);
    const proc = runInfoSchema.parse(await getJson(`${RUN}?data=proc`));
    expect(proc.detectors[0]).toMatchObject({ modules: [0, 1, 2, 7, 9, 15], isRaw: false });
    expect(runInfoSchema.parse(await getJson(RUN)).data).toBe('default');
  });

  it('keys of a source', async () => {
    const keys = keyInfoSchema.array().parse(await getJson(`${RUN}/keys?data=raw&source=${encodeURIComponent(MOTOR)}`));
    const expected = info.sources[MOTOR].keys as Record<string, { entry_shape: number[]; shape: number[] }>;
    expect(keys.map(({ key, entryShape, entries }) => [key, entryShape, entries])).toEqual(
      Object.entries(expected)
        .map(([key, facts]) => [key, facts.entry_shape, facts.shape[0]])
        .sort(),
    );
    expect(keys.find(({ key }) => key === 'actualPosition.value')?.units).toBe('mm');
  });

  it('a curve of a scalar key and of a vector key', async () => {
    const scalar = await getFrame<SeriesMeta>(
      `${RUN}/series?data=raw&source=${encodeURIComponent(MOTOR)}&key=actualPosition.value`,
    );
    expect([scalar.kind, [...scalar.arrays.keys()]]).toEqual(['series', ['trainId', 'time', 'value']]);
    expectArray(scalar.arrays.get('value') as never, info.sources[MOTOR].keys['actualPosition.value'].data);
    expect([...(scalar.arrays.get('trainId')?.data ?? [])]).toEqual(info.train_ids);
    const xgm = encodeURIComponent('SA1_XTD2_XGM/XGM/DOOCS:output');
    const vector = await getFrame<SeriesMeta>(`${RUN}/series?data=raw&source=${xgm}&key=data.intensityTD`);
    expect(vector.meta).toMatchObject({ units: 'μJ', entryShape: [40] });
    const { value, low, high } = Object.fromEntries(vector.arrays) as Record<string, { data: Float64Array }>;
    for (const [i, mean] of value.data.entries()) {
      expect(low.data[i]).toBeLessThanOrEqual(mean);
      expect(high.data[i]).toBeGreaterThanOrEqual(mean);
    }
  });

  it('a frame, raw and corrected', async () => {
    const raw = await getFrame<DetectorFrameMeta>(
      `${RUN}/frame?data=raw&detector=${DETECTOR}&train=0&pulse=1&view=raw`,
    );
    expect(raw.kind).toBe('detector');
    expect(raw.meta).toEqual({
      detector: DETECTOR,
      trainId: 1000000000,
      pulseId: 1,
      cellId: expect.any(Number),
      pulses: 3,
      modules: [0, 1, 2, 7, 15],
      unit: 'ADU',
      view: 'raw',
    });
    const image = raw.arrays.get('image');
    expect([image?.dtype, image?.shape]).toEqual(['float32', [1256, 1092]]);
    const drawn = Array.from((image?.data ?? []) as Float32Array).filter((v) => !Number.isNaN(v)).length;
    expect(drawn).toBe(5 * 512 * 128);
    const proc = await getFrame<DetectorFrameMeta>(`${RUN}/frame?data=proc&detector=${DETECTOR}&train=0&pulse=1`);
    expect(proc.meta).toMatchObject({ unit: 'keV', view: 'corrected', modules: [0, 1, 2, 7, 9, 15] });
    expect(sha256(bytesOf(proc.arrays.get('image') as never))).not.toBe(sha256(bytesOf(image as never)));
  });

  it('refuses what is not there with 404 and what may be meant', async () => {
    await refused('/api/proposals/p123456/runs', 404, 'RunNotFound', /No proposal p123456 below/);
    await refused('/api/runs/p900001/99', 404, 'RunNotFound', /r0099.*has no "raw" data/);
    const at = (path: string) => `${RUN}/${path}`;
    await refused(at('keys?source=NOPE'), 404, 'SourceNotFound', /NOPE.*nearest/);
    await refused(at(`series?source=${MOTOR}&key=actualPos`), 404, 'KeyNotFound', /nearest: actualPosition/);
    await refused(at('frame?detector=NOPE&train=0&pulse=0'), 404, 'SourceNotFound', /no detector "NOPE".*It has/);
    const frame = `frame?data=raw&detector=${DETECTOR}`;
    await refused(at(`${frame}&train=6&pulse=0&view=raw`), 404, 'NoData', /in 6 trains; there is no train number 6/);
    await refused(at(`${frame}&train=0&pulse=0`), 404, 'NoData', /no dark runs.*Look at them raw/);
    const pulse = await getJson(at(`${frame}&train=0&pulse=77&view=raw`), 400);
    expect(pulse.message).toMatch(/77/);
  });

  it('refuses what cannot be asked with 400 and the field', async () => {
    await refused('/api/proposals/900001/runs', 400, 'StateInvalid', /^proposal: /);
    await refused('/api/proposals/..%2f..%2fetc/runs', 400, 'StateInvalid', /^proposal: /);
    await refused('/api/runs/p900001/abc', 400, 'StateInvalid', /^run: /);
    await refused('/api/runs/p900001/-1', 400, 'StateInvalid', /^run: /);
    await refused(`${RUN}?data=../usr`, 400, 'StateInvalid', /^data: /);
    await refused(`${RUN}/keys`, 400, 'StateInvalid', /^source: /);
    await refused(`${RUN}/keys?source=a&source=b`, 400, 'StateInvalid', /^source: /);
    await refused(`${RUN}/frame?detector=X&train=-1&pulse=0`, 400, 'StateInvalid', /^train: /);
    await refused(`${RUN}/frame?detector=X&train=0&pulse=0.5`, 400, 'StateInvalid', /^pulse: /);
    const remi = encodeURIComponent('SPB_REMI_DLD6/DET/TOP:output');
    await refused(`${RUN}/series?source=${remi}&key=rec.hits`, 400, 'SelectionInvalid', /record.*cannot be plotted/);
  });
});

describe('run routes without a data root', () => {
  it('list nothing, and say how to give one', async () => {
    const bare = await goldenApp({ dataRoot: null });
    try {
      expect((await bare.app.inject({ url: '/api/proposals' })).json()).toEqual([]);
      const reply = await bare.app.inject({ url: '/api/runs/p900001/34' });
      expect([reply.statusCode, reply.json().message]).toEqual([404, expect.stringMatching(/--data-root DIR/)]);
    } finally {
      await bare.close();
    }
  });

  it('say when the folder has gone', async () => {
    const gone = await goldenApp({ dataRoot: '/nowhere/at/all' });
    try {
      const reply = await gone.app.inject({ url: '/api/proposals' });
      expect([reply.statusCode, reply.json()]).toEqual([
        404,
        { error: 'RunNotFound', message: expect.stringMatching(/\/nowhere\/at\/all/), details: expect.any(Object) },
      ]);
      expect(gone.faults).toEqual([]);
    } finally {
      await gone.close();
    }
  });
});
