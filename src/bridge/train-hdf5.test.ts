import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { goldenMessages } from '../../test/golden/bridge/kbm.ts';
import { ndarray, zeros } from '../core/ndarray.ts';
import type { Train, TrainValue } from '../core/train.ts';
import { decodeBridgeMessage } from '../formats/bridge-message.ts';
import { createHdf5 } from '../formats/hdf5-writer.ts';
import { nodeHdf5Creator } from '../platform/node/hdf5-create.ts';
import { nodeHdf5Opener } from '../platform/node/hdf5-open.ts';
import { writeTrain } from './train-hdf5.ts';
import { trainOfMessage } from './train-message.ts';

const PYTHON = '/usr/bin/python3';
const hasPython = spawnSync(PYTHON, ['-c', 'import h5py']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'hutch-train-hdf5-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const save = (train: Train, name: string) =>
  createHdf5(nodeHdf5Creator, join(folder, name), (writer) => writeTrain(writer, train));
const source = (data: Record<string, TrainValue>, metadata: Record<string, TrainValue> = {}) => ({
  data: new Map(Object.entries(data)),
  metadata: new Map(Object.entries(metadata)),
});

const TRAIN: Train = {
  trainId: 5,
  sources: new Map([
    [
      'A/B/C:out',
      source(
        {
          'image.data': ndarray('uint16', [2, 3], Uint16Array.of(0, 1, 2, 3, 4, 65535)),
          'image.empty': zeros('float32', [0, 4]),
          'z.complex': ndarray('complex64', [1], Float32Array.of(1, -2)),
          half: ndarray('float16', [2], Uint16Array.of(0x3e00, 0xfc00)),
          text: 'Grüße',
          nothing: null,
          yes: true,
          small: -5n,
          large: 2n ** 64n - 1n,
          float: 2.5,
          nan: Number.NaN,
          bytes: new TextEncoder().encode('ON'),
          raw: Uint8Array.of(255, 0, 1),
          ints: [1n, 2n, 3n],
          bools: [true, false],
          words: ['a', 'bc'],
          arrays: [ndarray('int8', [2, 1], Int8Array.of(1, 2)), ndarray('float16', [1], Uint16Array.of(0x3e00))],
          nuls: ndarray('string', [1, 2], ['a', 'b\0']),
          mixed: [1n, 'x', 2, -0, null, [2n ** 63n]],
          list: [],
          nul: 'a\0b',
          map: new Map<string, TrainValue>([
            ['deep', new Map([['x', 1.5]])],
            ['y', 7n],
          ]),
        },
        {
          'timestamp.tid': 2n ** 63n,
          timestamp: 1.25,
          'timestamp.frac': '000123',
          ok: true,
          list: [1n, 2n],
          'no.thing': null,
        },
      ),
    ],
    ['A/B', source({ D: 1n })],
  ]),
};

const READ = `
import h5py, json, sys
def value(v):
    if isinstance(v, bytes): return {'bytes': v.decode()}
    if hasattr(v, 'dtype'): return [str(v.dtype) if v.dtype != object else 'text', list(v.shape), [
        x.decode() if isinstance(x, bytes) else str(x) for x in v.reshape(-1).tolist()]]
    return [type(v).__name__, [], [str(v)]]
out = {}
with h5py.File(sys.argv[1]) as f:
    f.visititems(lambda name, o: out.__setitem__(name, {
        'value': value(o[()]) if isinstance(o, h5py.Dataset) else None,
        'attrs': {k: value(v) for k, v in o.attrs.items()}}))
print(json.dumps(out))
`;

describe('a train saved to HDF5', () => {
  it.skipIf(!hasPython)('is read by h5py with the right types and values (needs python3-h5py)', async () => {
    expect(await save(TRAIN, 'all.h5')).toEqual([]);
    const { stdout, stderr } = spawnSync(PYTHON, ['-c', READ, join(folder, 'all.h5')], { encoding: 'utf8' });
    if (!stdout) throw new Error(stderr);
    const read = JSON.parse(stdout);
    const at = (name: string) => [read[`A/B/C:out/${name}`].value, read[`A/B/C:out/${name}`].attrs];
    expect(at('image.data')).toEqual([['uint16', [2, 3], ['0', '1', '2', '3', '4', '65535']], {}]);
    expect(at('image.empty')).toEqual([['float32', [0, 4], []], {}]);
    expect(at('z.complex')).toEqual([['complex64', [1], ['(1-2j)']], {}]);
    expect(at('half')).toEqual([['float16', [2], ['1.5', '-inf']], {}]);
    expect(at('text')[0]).toEqual({ bytes: 'Grüße' });
    expect(at('nothing')).toEqual([{ bytes: 'null' }, { bridge_type: ['str', [], ['json']] }]);
    expect(at('yes')[0]).toEqual(['bool', [], ['True']]);
    expect(at('small')[0]).toEqual(['int64', [], ['-5']]);
    expect(at('large')[0]).toEqual(['uint64', [], ['18446744073709551615']]);
    expect(at('float')[0]).toEqual(['float64', [], ['2.5']]);
    expect(at('nan')[0]).toEqual(['float64', [], ['nan']]);
    expect(at('bytes')).toEqual([{ bytes: 'ON' }, { bridge_type: ['str', [], ['bytes']] }]);
    expect(at('raw')).toEqual([['uint8', [3], ['255', '0', '1']], { bridge_type: ['str', [], ['bytes']] }]);
    expect(at('ints')[0]).toEqual(['int64', [3], ['1', '2', '3']]);
    expect(at('bools')[0]).toEqual(['bool', [2], ['True', 'False']]);
    expect(at('words')[0]).toEqual(['text', [2], ['a', 'bc']]);
    expect(at('mixed')[0]).toEqual({ bytes: '[1, "x", 2.0, -0.0, null, [9223372036854775808]]' });
    expect(at('arrays')[0]).toEqual({ bytes: '[[[1], [2]], [1.5]]' });
    expect(JSON.parse(at('nuls')[0].bytes)).toEqual([['a', 'b\0']]);
    expect(at('list')[0]).toEqual({ bytes: '[]' });
    expect(JSON.parse(at('nul')[0].bytes)).toBe('a\0b');
    expect(at('map/deep/x')[0]).toEqual(['float64', [], ['1.5']]);
    expect(at('map/y')[0]).toEqual(['int64', [], ['7']]);
    expect(read['A/B/D'].value).toEqual(['int64', [], ['1']]);
    expect(read['A/B/C:out'].attrs).toEqual({
      'timestamp.tid': ['uint64', [], ['9223372036854775808']],
      timestamp: ['float64', [], ['1.25']],
      'timestamp.frac': ['str', [], ['000123']],
      ok: ['bool', [], ['True']],
      list: ['int64', [2], ['1', '2']],
      'no.thing': ['str', [], ['null']],
    });
  });

  it('leaves out what has no place, by name, and keeps the rest', async () => {
    const train: Train = {
      trainId: 1,
      sources: new Map([
        ['A', source({ B: 1n, 'C/D': 2n, 'C//D': 3n, '': 4n, '..': 5n, 'B/x': 6n })],
        ['A/B', source({ y: 7n })],
        ['', source({ z: 8n })],
      ]),
    };
    expect(await save(train, 'clash.h5')).toEqual([
      { path: '/A/C/D', reason: 'something of this name is there already' },
      { path: '/A/B', reason: 'a part of its name is a dataset already' },
      { path: '/A/B', reason: 'a part of its name is a dataset already' },
    ]);
    const file = await nodeHdf5Opener.open(join(folder, 'clash.h5'));
    for (const [path, value] of [
      ['/A/B', 1n],
      ['/A/C/D', 2n],
      ['/A/_', 4n],
      ['/A/__', 5n],
      ['/_/z', 8n],
    ] as const)
      expect([path, file.read(path).data[0]]).toEqual([path, value]);
    await file.close();
  });

  it.each(goldenMessages('ok'))('$name', async ({ parts, name }) => {
    const train = trainOfMessage(decodeBridgeMessage(parts), 0, () => undefined);
    expect(await save(train, `${name}.h5`)).toEqual([]);
    const file = await nodeHdf5Opener.open(join(folder, `${name}.h5`));
    for (const [each, { data }] of train.sources)
      for (const [key, value] of data)
        if (typeof value === 'bigint') expect(BigInt(file.read(`/${each}/${key}`).data[0] as bigint)).toBe(value);
    await file.close();
  });
});
