// Every key and stack that `hutch get` and `hutch detector` can give, against what EXtra-data 1.24.0 read. The commands run in
// this process: one process a key would take minutes.
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { type ArrayFacts, GOLDEN, type RunFacts, readExpected } from '../../test/conformance/hdf5-run-expected.ts';
import { openRun } from '../platform/node/open-run.ts';
import { addDetectorCommand } from './commands/detector.ts';
import { addGetCommand } from './commands/get.ts';
import type { CliContext } from './context.ts';

/** What the command writes. */
async function hutch(...args: string[]): Promise<Record<string, unknown>> {
  let written = '';
  const context: CliContext = {
    write: (text) => {
      written += text;
    },
    note: () => undefined,
    isTerminal: false,
    signal: new AbortController().signal,
    openRun: (path, options) => openRun({ path }, { ...options, onWarning: () => undefined }),
    findRunPaths: async (run) => [run],
    exitWith: (code) => expect(code).toBe(0),
  };
  const program = new Command().exitOverride();
  addGetCommand(program, context);
  addDetectorCommand(program, context);
  await program.parseAsync(args, { from: 'user' });
  return JSON.parse(written);
}

/** The golden runs and where the peer's answers are. */
const RUNS: readonly (readonly [run: string, facts: RunFacts])[] = [
  ['root/SPB/202301/p900001/raw/r0034', readExpected('raw-run').info],
  ['root/SPB/202301/p900001/proc/r0034', readExpected('proc-run').info],
  ...['fmt05', 'fmt10', 'fmt11', 'fmt12', 'fmt13'].map(
    (name) => [`runs/${name}`, readExpected(name).inc_suspect.info ?? readExpected(name).inc_suspect] as const,
  ),
  ...['reduced', 'dssc', 'lpd-parallelgain', 'jungfrau-burst', 'jungfrau-1cell', 'empty'].map(
    (name) => [`runs/${name}`, readExpected(name).info] as const,
  ),
];

/** Keys that the peer could read. */
const isGiven = (facts: ArrayFacts | undefined): facts is ArrayFacts => facts !== undefined && 'sha256' in facts;

describe('hutch get, every key', { timeout: 180_000 }, () => {
  it.each(RUNS)('%s', async (path, facts) => {
    let compared = 0;
    for (const [source, { keys = {} }] of Object.entries(facts.sources)) {
      for (const [key, { data }] of Object.entries(keys)) {
        // The peer reads wrong rows after a gap in INDEX of format 0.5.
        if (!isGiven(data) || (path === 'runs/fmt05' && key.startsWith('image.'))) continue;
        const given = await hutch('get', `${GOLDEN}${path}`, source, key, '--no-data');
        const isText = data.dtype === 'string' || String(data.dtype).startsWith('|S');
        expect({ source, key, ...given }).toMatchObject({
          source,
          key,
          dtype: isText ? 'string' : data.dtype,
          shape: data.shape,
          sha256: data.sha256,
        });
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(path.endsWith('empty') ? 0 : 5);
  });
});

interface StackCase {
  readonly case: {
    readonly call: string;
    readonly key?: string;
    readonly masked?: boolean;
    readonly kw?: { readonly module_gaps?: boolean; readonly fill_value?: number; readonly unstack_pulses?: boolean };
    readonly pulses?: { readonly slice?: readonly (number | null)[]; readonly by_id?: readonly number[] };
    readonly trains?: { readonly slice: readonly (number | null)[] };
  };
  readonly result: ArrayFacts & { readonly error?: string };
}

const slice = (parts: readonly (number | null)[]) => parts.map((part) => part ?? '').join(':');

/** Options that ask for the same as a call of the peer, or null where the command has none. */
function optionsOf({ call, key, kw = {}, pulses, trains, masked }: StackCase['case']): string[] | null {
  const { module_gaps: gaps, fill_value: fill, ...otherKw } = kw;
  const isStack = call === 'ndarray' || (call === 'get_array' && kw.unstack_pulses === false);
  const { unstack_pulses: _, ...rest } = otherKw;
  if (!isStack || masked || !key || Object.keys(rest).length > 0) return null;
  if (pulses && !pulses.slice && !pulses.by_id) return null;
  return [
    ...['--key', key],
    ...(gaps ? ['--module-gaps'] : []),
    ...(fill === undefined ? [] : ['--fill', String(fill)]),
    ...(pulses?.slice ? [`--pulses=${slice(pulses.slice)}`] : []),
    ...(pulses?.by_id ? ['--pulse-ids', pulses.by_id.join(',')] : []),
    ...(trains ? [`--trains=${slice(trains.slice)}`] : []),
  ];
}

/** All lists of cases in an expected file; the first is that of the run as it is. */
function casesOf(expected: unknown): readonly StackCase[][] {
  if (typeof expected !== 'object' || expected === null) return [];
  const { cases } = expected as { cases?: StackCase[] };
  return cases ? [cases] : Object.values(expected).flatMap(casesOf);
}

const STACKS: readonly (readonly [run: string, isRaw: boolean, cases: readonly StackCase[]])[] = [
  ['root/SPB/202301/p900001/raw/r0034', true, readExpected('agipd-components').raw.cases],
  ['root/SPB/202301/p900001/proc/r0034', false, readExpected('agipd-components').proc.cases],
  ['runs/dssc', true, casesOf(readExpected('dssc').components)[0]],
  ['runs/lpd-parallelgain', true, casesOf(readExpected('lpd-parallelgain').components)[0]],
  ['runs/reduced', false, casesOf(readExpected('reduced').components)[0]],
];

describe('hutch detector, every stack', { timeout: 180_000 }, () => {
  it.each(STACKS)('%s', async (path, isRaw, cases) => {
    let compared = 0;
    for (const { case: asked, result } of cases) {
      const options = optionsOf(asked);
      if (!options || result.error || !result.sha256) continue;
      const given = await hutch('detector', `${GOLDEN}${path}`, ...(isRaw ? ['--raw'] : []), '--json', ...options);
      expect({ asked, ...given }).toMatchObject({
        asked,
        dtype: result.dtype,
        shape: result.shape,
        sha256: result.sha256,
      });
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(2);
  });
});
