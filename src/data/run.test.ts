import { afterEach, describe, expect, it } from 'vitest';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { openRun } from '../platform/node/open-run.ts';
import type { OpenRunOptions } from './open-run.ts';
import type { Run } from './run.ts';

const RAW = 'root/SPB/202301/p900001/raw/r0034';
const opened: Run[] = [];

async function open(path: string, options?: OpenRunOptions): Promise<Run> {
  const run = await openRun({ path: GOLDEN + path }, options);
  opened.push(run);
  return run;
}

afterEach(async () => {
  for (const run of opened.splice(0)) await run.close();
});

describe('Run: trains', () => {
  it('iterates over all trains and stops when aborted', async () => {
    const run = (await open(RAW)).select('*XGM*');
    const ids: number[] = [];
    for await (const train of run.trains()) ids.push(train.trainId);
    expect(ids).toEqual(run.trainIds);
    const reason = new Error('enough');
    const aborted = run.trains({ signal: AbortSignal.abort(reason) })[Symbol.asyncIterator]();
    await expect(aborted.next()).rejects.toBe(reason);
  });
});

describe('Run: errors say what is near', () => {
  it('source, key', async () => {
    const run = await open(RAW);
    expect(() => run.source('SPB_IRU_MOT/MOTOR/X')).toThrow(
      /No source "SPB_IRU_MOT\/MOTOR\/X".*nearest: SPB_IRU_MOT\/MOTOR\/X1/,
    );
    expect(() => run.key('SPB_IRU_MOT/MOTOR/X1', 'actualPos')).toThrow(/nearest: actualPosition/);
    expect(() => run.source('SA1_XTD2_XGM/XGM/DOOCS:output').runValues()).toThrow(/only control sources/);
  });

  it('a closed run says so', async () => {
    const run = await openRun({ path: GOLDEN + RAW });
    await run.close();
    expect(() => run.key('SPB_IRU_MOT/MOTOR/X1', 'actualPosition')).toThrow(/was closed/);
  });
});
