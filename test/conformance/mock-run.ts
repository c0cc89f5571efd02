import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NdArray } from '../../src/core/ndarray.ts';
import { ndarray } from '../../src/core/ndarray.ts';
import type { Run } from '../../src/data/run.ts';
import { type ControlKey, type ControlSource, type PipelineGroup, writeDaqFile } from '../../src/example/daq-file.ts';
import { createHdf5 } from '../../src/formats/hdf5-writer.ts';
import { nodeHdf5Creator } from '../../src/platform/node/hdf5-create.ts';
import { openRun } from '../../src/platform/node/open-run.ts';

/** First train of mock runs. */
export const FIRST_TRAIN = 10_000;

const MICROJOULE = { prefixName: 'micro', prefixSymbol: 'u', name: 'joule', symbol: 'J' };

/** A run of one file with the given sources, in a folder that goes with `close`. */
export interface MockRun {
  readonly run: Run;
  close(): Promise<void>;
}

/** Writes a run file as the data acquisition does and opens it. */
export async function openMockRun(
  trains: number,
  sources: { readonly control?: readonly ControlSource[]; readonly pipelines?: readonly PipelineGroup[] },
): Promise<MockRun> {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-mock-'));
  const file = join(folder, 'RAW-R0001-DA01-S00000.h5');
  await createHdf5(nodeHdf5Creator, file, (writer) =>
    writeDaqFile(writer, {
      proposal: 900001,
      run: 1,
      sequence: 0,
      runType: 'Sample Data Run',
      sample: 'mock',
      trainIds: Array.from({ length: trains }, (_, i) => FIRST_TRAIN + i),
      timestamps: Array.from({ length: trains }, (_, i) => 1_700_000_000_000_000_000n + BigInt(i) * 100_000_000n),
      control: sources.control ?? [],
      pipelines: sources.pipelines ?? [],
    }),
  );
  const run = await openRun({ path: folder });
  return {
    run,
    close: async () => {
      await run.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A slow device with numbers: path of each property -> a value a train. */
export function controlSource(
  name: string,
  classId: string,
  values: Readonly<Record<string, readonly number[] | NdArray>>,
): ControlSource {
  const keys = Object.entries(values).map(
    ([path, own]): ControlKey => ({
      path,
      values: 'dtype' in own ? own : ndarray('float64', [own.length], Float64Array.from(own)),
    }),
  );
  return { name, classId, keys };
}

/** An output channel with one array of numbers an entry: path of each key below the group -> (entry, ...). */
export function pipelineGroup(
  source: string,
  group: string,
  counts: readonly number[],
  values: Readonly<Record<string, NdArray>>,
  isEnergy = false,
): PipelineGroup {
  const unit = isEnergy ? MICROJOULE : undefined;
  return { source, group, counts, keys: Object.entries(values).map(([path, own]) => ({ path, values: own, unit })) };
}
