import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answerOf, type Difference, GoldenAnswers } from '../../test/conformance/golden-answers.ts';
import { selectionFacts, trainFacts, valueFacts } from '../../test/conformance/golden-run-facts.ts';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { typeStringOf } from '../core/dtype.ts';
import type { TrainValue } from '../core/train.ts';
import { nodeFileStore } from '../platform/node/file-store.ts';
import { nodeRunPorts, openRun, readAliases } from '../platform/node/open-run.ts';
import type { AliasTable } from './alias-table.ts';
import { stackDetectorData } from './detectors/stack-train.ts';
import { KeyData } from './key-data.ts';
import { OpenFileLimit } from './open-file-limit.ts';
import { openFiles } from './open-folder.ts';
import type { OpenRunOptions } from './open-run.ts';
import type { Run } from './run.ts';
import { toMapEntry } from './run-map.ts';

// biome-ignore lint/suspicious/noExplicitAny: the shape of each expected entry is its own.
type Json = any;

const ROOT = `${GOLDEN}root`;
const PROPOSAL = `${ROOT}/SPB/202301/p900001`;
const ABOUT: Difference = { path: /^(fixture|peer|env|open)$/, reason: 'says how the answers were made' };

describe('golden: open-run.json', () => {
  const golden = new GoldenAnswers('open-run', [
    ABOUT,
    {
      path: /^cases > (0|4|6) > result > (selection|raw_or_proc) > SPB_DET_AGIPD1M-1\/DET\/9CH0:xtdf$/,
      reason:
        'raw has no module 9: the peer shows its corrected data under the raw name, among raw modules. We do not mix origins under an old name',
    },
    {
      path: /^cases > (0|4|6) > result > warnings$/,
      reason: 'the warning of that old name',
    },
  ]);

  it('every case', async () => {
    const cases: { kwargs: Json; result: Json }[] = golden.get('cases');
    for (const [i, { kwargs, result }] of cases.entries()) {
      const warnings: string[] = [];
      const options: OpenRunOptions = {
        data: kwargs.data,
        include: kwargs.include,
        onWarning: ({ message }) => void warnings.push(message),
      };
      const told = await answerOf(async () => {
        await using run = await openRun({ proposal: 900001, run: 34, dataRoot: ROOT }, options);
        const dtypes: Json = {};
        for (const name of [...run.detectorSources, ...run.legacySources.keys()].sort()) {
          const { dtype } = run.key(name, 'image.data');
          dtypes[name] = dtype === 'record' ? dtype : typeStringOf(dtype);
        }
        return {
          ...selectionFacts(run),
          aliases: run.aliases.names.length,
          n_files: run.files.length,
          raw_or_proc: dtypes,
          ...(warnings.length > 0 ? { warnings: [...new Set(warnings)] } : {}),
        };
      }, result);
      golden.check(['cases', i], { kwargs, result: told });
    }
  });

  it('forms of proposal and run', async () => {
    for (const [kind, target] of [
      ['proposal_forms', (form: string) => ({ proposal: form, run: 34 })],
      ['run_forms', (form: string) => ({ proposal: 900001, run: form })],
    ] as const) {
      for (const form of Object.keys(golden.get(kind))) {
        const call = async () => {
          await using run = await openRun({ ...target(form), dataRoot: ROOT });
          return { n: run.trainIds.length };
        };
        golden.check([kind, form], await answerOf(call, golden.get(kind, form)));
      }
    }
    await using byPath = await openRun(PROPOSAL, 'r0034', { data: 'raw' });
    expect(byPath.trainIds).toHaveLength(6);
  });

  it('every entry was compared', () => {
    golden.expectComplete();
  });
});

describe('golden: aliases.json', () => {
  const golden = new GoldenAnswers('aliases', [
    ABOUT,
    { path: /^str$/, reason: 'text that Python shows for the object: Hutch has none' },
  ]);
  const usr = (name: string) => join(PROPOSAL, 'usr', name);
  const raw = () => openRun({ proposal: 900001, run: 34, dataRoot: ROOT }, { data: 'raw' });
  const tableFacts = ({ targets }: AliasTable) =>
    Object.fromEntries([...targets].map(([alias, { source, key }]) => [alias, key === null ? source : [source, key]]));

  it('files of all kinds', async () => {
    for (const name of Object.keys(golden.get('loaded')))
      golden.check(['loaded', name], tableFacts(await readAliases(usr(name))));
  });

  it('look-up, selections, text', async () => {
    await using run = await raw();
    const { aliases } = run;
    for (const name of Object.keys(golden.get('resolve'))) {
      const asked = JSON.parse(name) as string | [string, string];
      const told = await answerOf(
        () => {
          const found = typeof asked === 'string' ? aliases.get(asked) : aliases.key(asked[0], asked[1]);
          return found instanceof KeyData
            ? { source: found.source, key: found.key, type: 'KeyData' }
            : { source: found.name, key: null, type: 'SourceData' };
        },
        golden.get('resolve', name),
      );
      golden.check(['resolve', name], told);
    }
    for (const name of Object.keys(golden.get('contains'))) golden.check(['contains', name], { v: aliases.has(name) });

    const conflicting = await readAliases(usr('aliases-conflict.yml'));
    golden.check(['conflict'], await answerOf(() => run.withAliases(conflicting), golden.get('conflict')));

    const defined = await readAliases(usr('extra-data-aliases.yml'));
    golden.check(['only_aliases'], selectionFacts(run.onlyAliases(defined)));
    const strict = () => selectionFacts(run.onlyAliases(defined, { isStrict: true }));
    golden.check(['only_aliases_strict'], await answerOf(strict, golden.get('only_aliases_strict')));
    golden.check(['only_require_all'], selectionFacts(run.onlyAliases(defined, { requireAll: true })));

    const select: Record<string, () => Run> = {
      a: () => aliases.select('xgm', 'beamPosition.*'),
      b: () => aliases.select(['beam-x', 'mot-x']),
      c: () => aliases.select(new Map([['xgm', ['state']]])),
    };
    for (const [name, call] of Object.entries(select)) golden.check(['select', name], selectionFacts(call()));
    golden.check(['deselect'], selectionFacts(aliases.deselect('xgm')));

    expect(run.withoutAliases().aliases.names).toEqual([]);
    expect(run.withoutAliases().aliases.toText()).toBe('No aliases have been loaded.');
    golden.check(['repr'], aliases.toText({ isColoured: true }).replaceAll(GOLDEN, '<FIXTURE>/'));
  });

  it('every entry was compared', () => {
    golden.expectComplete();
  });
});

describe('golden: karabo_data_map.example.json', () => {
  it('the map of the raw run is the same', async () => {
    const golden = new GoldenAnswers('karabo_data_map.example', [
      { path: /^\d+ > mtime$/, reason: 'set to zero in the example' },
    ]);
    const folder = `${PROPOSAL}/raw/r0034`;
    const { files } = await openFiles(nodeRunPorts, new OpenFileLimit(), folder, { runMap: 'ignore' }, () => undefined);
    const entries = [];
    for (const file of files) {
      const found = await nodeFileStore.entry(file.path);
      if (found) entries.push(toMapEntry(file, found));
      file.close();
    }
    golden.check(
      [],
      entries.sort((a, b) => (a.filename < b.filename ? -1 : 1)),
    );
    golden.expectComplete();
  });
});

describe('golden: stream.json', () => {
  it('what a stream of trains holds', async () => {
    const golden = new GoldenAnswers('stream', [
      ABOUT,
      {
        path: /^(plain|merged) > data > .*state.value > dtype$/,
        expected: /^"\|S/,
        reason: 'string crashes: within a train the peer hands raw bytes out; ours is text everywhere',
      },
      { path: /^merged_proc$/, reason: 'null: the peer was not asked' },
    ]);
    const facts = golden.get('plain');
    await using run = await openRun({ path: GOLDEN + golden.get('fixture') });
    const selected = run.select([
      ['*XGM*', '*'],
      ['*/DET/*CH0:xtdf', 'image.*'],
      ['*CAM*', '*'],
    ]);
    // The stream leaves trains out in which a source has no data.
    for await (const { trainId, sources } of selected.trains({ requireAll: true })) {
      const told = trainFacts(sources, facts.data);
      golden.check(['plain'], { train_id: trainId, data: told });

      // Modules side by side: the frames of all, and what one of them says of its frames.
      const name = 'SPB_DET_AGIPD1M-1/DET/APPEND';
      const merged = golden.get('merged', 'data');
      const detector = merged[name];
      const modules = [...sources].filter(([source]) => source.includes('/DET/')).map(([, { data }]) => data);
      const stacked: Json = { metadata: { source: name, 'timestamp.tid': trainId } };
      for (const key of modules[0].keys()) {
        const shown =
          key === 'image.data' ? [stackDetectorData({ trainId, sources }, key)] : modules.map((m) => m.get(key));
        const facts = shown.map((value) => valueFacts(value as TrainValue, detector[key]));
        stacked[key] = facts.find(({ sha256 }) => sha256 === detector[key].sha256) ?? facts[0];
      }
      golden.check(['merged'], {
        train_id: trainId,
        data: {
          ...trainFacts(new Map([...sources].filter(([source]) => source in merged)), merged),
          [name]: stacked,
        },
      });
      break;
    }
    golden.expectComplete();
  });
});
