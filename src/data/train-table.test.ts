import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { allocate, type DType } from '../core/dtype.ts';
import { type NdArray, ndarray } from '../core/ndarray.ts';
import { openRun } from '../platform/node/open-run.ts';
import { encodeArrow, toArrowTable } from './arrow-table.ts';
import { findMissingData } from './missing-data.ts';
import type { Run } from './run.ts';
import { describeModule, describeRun, describeTrain } from './run-info.ts';
import { tableToCsv, tableToParquet } from './table-export.ts';
import { readSeries, readTable, type TrainTable } from './train-table.ts';

let run: Run;
beforeAll(async () => {
  run = await openRun({ path: `${GOLDEN}root/SPB/202301/p900001/raw/r0034` });
});
afterAll(async () => run.close());

/** One column of each type, the second row missing. */
const everyType = (): TrainTable => {
  const values: readonly NdArray[] = [
    ndarray('int8', [3], Int8Array.of(-128, 0, 127)),
    ndarray('uint8', [3], Uint8Array.of(1, 0, 255)),
    ndarray('int16', [3], Int16Array.of(-32768, 0, 32767)),
    ndarray('uint16', [3], Uint16Array.of(1, 0, 65535)),
    ndarray('int32', [3], Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1)),
    ndarray('uint32', [3], Uint32Array.of(1, 0, 2 ** 32 - 1)),
    ndarray('int64', [3], BigInt64Array.of(-(2n ** 63n), 0n, 2n ** 63n - 1n)),
    ndarray('uint64', [3], BigUint64Array.of(1n, 0n, 2n ** 64n - 1n)),
    ndarray('float16', [3], Uint16Array.of(0x3c00, 0, 0xc100)),
    ndarray('float32', [3], Float32Array.of(0.1, 0, -1.5)),
    ndarray('float64', [3], Float64Array.of(0.1, 0, 1e300)),
    ndarray('bool', [3], Uint8Array.of(1, 0, 0)),
    ndarray('string', [3], ['a,"b"', '', 'µ']),
  ];
  return {
    trainIds: [1, 2, 3],
    columns: values.map((column) => ({ name: column.dtype, values: column, isMissing: [false, true, false] })),
  };
};

const FIRST = {
  int8: -128,
  uint8: 1,
  int16: -32768,
  uint16: 1,
  int32: -(2 ** 31),
  uint32: 1,
  int64: -(2n ** 63n),
  uint64: 1n,
  float16: 1,
  float32: Math.fround(0.1),
  float64: 0.1,
  bool: true,
  string: 'a,"b"',
};
const LAST = {
  int8: 127,
  uint8: 255,
  int16: 32767,
  uint16: 65535,
  int32: 2 ** 31 - 1,
  uint32: 2 ** 32 - 1,
  int64: 2n ** 63n - 1n,
  uint64: 2n ** 64n - 1n,
  float16: -2.5,
  float32: -1.5,
  float64: 1e300,
  bool: false,
  string: 'µ',
};
const NOTHING = Object.fromEntries(Object.keys(FIRST).map((name) => [name, null]));

describe('tables', () => {
  it('go to Parquet and back with every digit', async () => {
    const bytes = tableToParquet(everyType());
    const rows = await parquetReadObjects({ file: bytes.buffer as ArrayBuffer });
    expect(rows).toEqual([
      { trainId: 1n, ...FIRST },
      { trainId: 2n, ...NOTHING },
      { trainId: 3n, ...LAST },
    ]);
  });

  it('go to Arrow', async () => {
    const table = await toArrowTable(everyType());
    expect(table.toArray().map((row) => row?.toJSON())).toEqual([
      { trainId: 1n, ...FIRST },
      { trainId: 2n, ...NOTHING },
      { trainId: 3n, ...LAST },
    ]);
    const magic = new TextDecoder().decode((await encodeArrow(everyType())).subarray(0, 6));
    expect(magic).toBe('ARROW1');
  });

  it('go to CSV', () => {
    expect(tableToCsv(everyType()).split('\n')).toEqual([
      'trainId,int8,uint8,int16,uint16,int32,uint32,int64,uint64,float16,float32,float64,bool,string',
      '1,-128,1,-32768,1,-2147483648,1,-9223372036854775808,1,1,0.1,0.1,true,"a,""b"""',
      '2,,,,,,,,,,,,,',
      '3,127,255,32767,65535,2147483647,4294967295,9223372036854775807,18446744073709551615,-2.5,-1.5,1e+300,false,µ',
      '',
    ]);
  });

  it('have no complex columns', async () => {
    const data = allocate('complex64' as DType, 1);
    const table = {
      trainIds: [1],
      columns: [{ name: 'c', values: ndarray('complex64', [1], data as never), isMissing: [false] }],
    };
    expect(() => tableToParquet(table)).toThrow(/Column c is complex64/);
    await expect(toArrowTable(table)).rejects.toThrow(/Column c is complex64/);
  });

  it('are made of keys with one value a train', async () => {
    const times = await readTable(run.select('*XGM/DOOCS', 'state*'), { timestamps: true });
    expect(times.columns.map(({ name, values }) => [name, values.dtype])).toEqual([
      ['SA1_XTD2_XGM/XGM/DOOCS/state.timestamp', 'uint64'],
      ['SA1_XTD2_XGM/XGM/DOOCS/state', 'string'],
    ]);
    await expect(readTable(run.select('*CAM*', 'data.image.pixels'))).rejects.toThrow(
      /shape \[12,20\]: a table needs one value/,
    );
    await expect(readTable(run.select('*ADC/1:*', 'data.trainId'))).rejects.toThrow(/several entries in a train/);
    await expect(readSeries(run.key('SPB_REMI_DLD6/DET/TOP:output', 'rec.hits'))).rejects.toThrow(/structured/);
    const series = await readSeries(run.key('SPB_XTD9_MCP/ADC/1:channel_5.output', 'data.trainId'));
    expect(series.trainIds).toHaveLength(18);
  });
});

describe('missing data', () => {
  it('lists sources by how complete they are, with their gaps', () => {
    const rows = findMissingData(run.withAliases({ camera: 'SPB_IRU_CAM/CAM/SIDEMIC:daqOutput' }));
    expect(rows.map(({ label, trains }) => [label, trains])).toEqual([
      ['SPB_XTD9_MCP/ADC/2', 5],
      ['SPB_VAC/TSENS/T1', 5],
      ['SPB_REMI_DLD6/DET/TOP:output', 5],
      ['SPB_DET_AGIPD1M-1/DET/1CH0:xtdf', 5],
      ['camera', 4],
      ['SPB_XTD9_MCP/ADC/2:channel_1.output', 0],
    ]);
    expect(rows.find(({ label }) => label === 'camera')?.blocks).toEqual([
      { start: 0, stop: 1, hasData: false },
      { start: 1, stop: 3, hasData: true },
      { start: 3, stop: 4, hasData: false },
      { start: 4, stop: 6, hasData: true },
    ]);
    const expanded = findMissingData(run, { expandInstrument: true }).map(({ label }) => label);
    expect(expanded).toContain('SPB_DET_AGIPD1M-1/DET/2CH0:xtdf image');
    expect(expanded).not.toContain('SPB_DET_AGIPD1M-1/DET/2CH0:xtdf header');
    expect(findMissingData(run, { minSavedPercent: 100 })).toHaveLength(18);
  });
});

describe('descriptions', () => {
  it('of a run', () => {
    const told = describeRun(run, { detailsFor: ['*MOTOR/X1'], counts: true, auxiliary: true });
    expect(told).toMatchObject({ trains: 6, firstTrainId: 1000000000, lastTrainId: 1000000005, durationS: 0.6 });
    expect(told.detectors).toMatchObject([
      { name: 'SPB_DET_AGIPD1M-1/DET', dims: [512, 128], framesPerTrain: 3, totalFrames: 18 },
    ]);
    expect([...told.detectors[0].modules.keys()]).toEqual([0, 1, 2, 7, 15]);
    const motor = told.control.find(({ name }) => name === 'SPB_IRU_MOT/MOTOR/X1');
    expect(motor?.counts).toEqual({ trains: 6, entries: 6, fewest: 1, most: 1 });
    expect(motor?.keys).toContainEqual({ key: 'actualPosition.value', dtype: 'float64', entryShape: [], units: 'mm' });
    expect(told.instrument).toHaveLength(11);
    expect(told.errata.map(({ name }) => name)).toEqual(['DA01@TRAINS_OUTSIDE_BUFFER_RANGE']);
    expect(describeRun(run.selectTrains([])).firstTrainId).toBeNull();
  });

  it('of modules and trains that are not there', () => {
    expect(() => describeModule(run, 'SPB_IRU_MOT/MOTOR/X1')).toThrow(/no detector module/);
    expect(() => describeTrain(run, 5)).toThrow(/No train 5/);
    expect(describeTrain(run, 1000000000).control).not.toContain('SPB_VAC/TSENS/T1');
  });
});
