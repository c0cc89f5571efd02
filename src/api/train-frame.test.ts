import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatInvalid } from '../core/errors.ts';
import { ndarray } from '../core/ndarray.ts';
import type { Train, TrainValue } from '../core/train.ts';
import { encodeFrame } from './frames.ts';
import { decodeTrainFrame, encodeTrainFrame } from './train-frame.ts';

const trainOf = (data: ReadonlyMap<string, TrainValue>, receivedAt?: number): Train => ({
  trainId: 2 ** 52 + 1,
  sources: new Map([['S/A:out', { data, metadata: new Map<string, TrainValue>([['timestamp.tid', 7n]]) }]]),
  ...(receivedAt === undefined ? {} : { receivedAt }),
});
const back = (train: Train) => decodeTrainFrame(encodeTrainFrame(train).buffer);

describe('frames of trains', () => {
  it('lose nothing: integers, floats, texts, bytes, lists, maps, arrays of every kind', () => {
    const train = trainOf(
      new Map<string, TrainValue>([
        ['int', 2n ** 64n - 1n],
        ['negative', -(2n ** 63n)],
        ['float', 1],
        ['minus zero', -0],
        ['nan', Number.NaN],
        ['infinite', Number.NEGATIVE_INFINITY],
        ['yes', true],
        ['none', null],
        ['text', '["i","1"] µ \u0000'],
        ['bytes', Uint8Array.of(1, 2, 255)],
        ['list', [1n, 2.5, [null, 'x'], new Map<string, TrainValue>([['a', 1n]])]],
        ['map', new Map<string, TrainValue>([['__proto__', new Map<string, TrainValue>([['b', Uint8Array.of(9)]])]])],
        ['u64', ndarray('uint64', [2], BigUint64Array.of(1n, 2n ** 64n - 1n))],
        ['f16', ndarray('float16', [1, 3], Uint16Array.of(1, 2, 3))],
        ['c64', ndarray('complex64', [1], Float32Array.of(1, -2))],
        ['bool', ndarray('bool', [3], Uint8Array.of(1, 0, 1))],
        ['empty', ndarray('float64', [0, 5], new Float64Array())],
        ['scalar', ndarray('int32', [], Int32Array.of(-5))],
        ['texts', ndarray('string', [2, 1], ['a', 'ü'])],
      ]),
      1234.5,
    );
    expect(back(train)).toEqual(train);
    expect(back(trainOf(new Map()))).toEqual(trainOf(new Map()));
    expect(back({ trainId: 0, sources: new Map() })).toEqual({ trainId: 0, sources: new Map() });
  });

  it('decode(encode(x)) = x', () => {
    const { value } = fc.letrec<{ value: TrainValue; leaf: TrainValue }>((tie) => ({
      leaf: fc.oneof(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
        fc.double(),
        fc.boolean(),
        fc.string({ unit: 'binary' }),
        fc.constant(null),
        fc.uint8Array({ maxLength: 20 }),
        fc.float64Array({ maxLength: 9 }).map((data) => ndarray('float64', [data.length], data)),
      ),
      value: fc.oneof(
        { maxDepth: 3 },
        tie('leaf'),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
      ),
    }));
    fc.assert(
      fc.property(value, (each) => {
        const train = trainOf(new Map([['key', each]]));
        expect(back(train)).toEqual(train);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['another kind of frame', 'live', { sources: [] }],
    ['no sources', 'train', {}],
    ['no meta', 'train', null],
    [
      'an array that is not there',
      'train',
      { trainId: 1, receivedAt: null, sources: [['S', { data: ['a', 0], metadata: ['m', []] }]] },
    ],
    [
      'a source that is no map',
      'train',
      { trainId: 1, receivedAt: null, sources: [['S', { data: 5, metadata: ['m', []] }]] },
    ],
    [
      'an integer that is none',
      'train',
      { trainId: 1, receivedAt: null, sources: [['S', { data: ['m', [['k', ['i', '1.5']]]], metadata: ['m', []] }]] },
    ],
    [
      'an unknown kind',
      'train',
      { trainId: 1, receivedAt: null, sources: [['S', { data: ['z'], metadata: ['m', []] }]] },
    ],
    [
      'texts of another number',
      'train',
      {
        trainId: 1,
        receivedAt: null,
        sources: [['S', { data: ['m', [['k', ['t', [3], ['a']]]]], metadata: ['m', []] }]],
      },
    ],
  ])('refuse %s', (_, kind, meta) => {
    expect(() => decodeTrainFrame(encodeFrame(kind, meta, []).buffer)).toThrow(FormatInvalid);
  });
});
