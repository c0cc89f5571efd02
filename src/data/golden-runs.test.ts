import { afterEach, describe, expect, it } from 'vitest';
import { answerOf, arrayFacts, type Difference, GoldenAnswers } from '../../test/conformance/golden-answers.ts';
import { keyFacts, runFacts } from '../../test/conformance/golden-run-facts.ts';
import { GOLDEN, readExpected } from '../../test/conformance/hdf5-run-expected.ts';
import { nodeRunPorts, openRun } from '../platform/node/open-run.ts';
import { OpenFileLimit } from './open-file-limit.ts';
import { openFiles } from './open-folder.ts';
import type { OpenRunOptions } from './open-run.ts';
import type { Run } from './run.ts';

const opened: Run[] = [];

async function open(path: string, options?: OpenRunOptions): Promise<Run> {
  const run = await openRun({ path: GOLDEN + path }, { onWarning: () => undefined, ...options });
  opened.push(run);
  return run;
}

afterEach(async () => {
  for (const run of opened.splice(0)) await run.close();
});

const ABOUT: Difference = { path: /(^|> )(fixture|peer|open)$/, reason: 'says how the answers were made' };
const REPR: Difference = { path: /> repr$/, reason: 'text that Python shows for the object: Hutch has none' };

describe('golden: proc-run, empty', () => {
  it('proc-run.json', async () => {
    const golden = new GoldenAnswers('proc-run', [
      ABOUT,
      REPR,
      { path: /^info_text$/, reason: 'text of `lsxfel`: compared by the tests of `hutch ls`' },
    ]);
    golden.check(['info'], await runFacts(await open(golden.get('fixture')), golden.get('info')));
    golden.expectComplete();
  });

  it('empty.json', async () => {
    const golden = new GoldenAnswers('empty', [ABOUT, REPR]);
    golden.check(['info'], await runFacts(await open(golden.get('fixture')), golden.get('info')));
    golden.expectComplete();
  });
});

describe('golden: format versions', () => {
  it.each(['05', '10', '11', '12', '13'])('fmt%s.json', async (version) => {
    const name = `fmt${version}`;
    const differences = [ABOUT, REPR];
    if (version === '05') {
      differences.push({
        path: /AGIPD1M.* > keys > image\.\w+ > data > (sha256|values|at)/,
        reason:
          'index gap: a train without frames leaves a gap in INDEX, behind which the peer reads rows of other trains',
      });
    }
    const golden = new GoldenAnswers(name, differences);
    for (const part of ['inc_suspect', 'exc_suspect']) {
      const facts = golden.get(part);
      const warnings: string[] = [];
      const options: OpenRunOptions = {
        includeSuspectTrains: part === 'inc_suspect',
        onWarning: ({ kind }) => void warnings.push(kind),
      };
      const run = await open(golden.get('fixture'), options);
      if (version === '11') expect(warnings).toEqual(['flag-is-index']);
      const { files } = await openFiles(nodeRunPorts, new OpenFileLimit(), run.path, options, () => undefined);
      golden.check([part], {
        ...(await runFacts(run, facts)),
        flags: Object.fromEntries(files.map((file) => [file.name, file.index.isSuspect.map((is) => !is)])),
        format_version: run.runMetadata().get('dataFormatVersion'),
        tstamps_local: run.trainTimestamps().every((ns) => ns === 0n) ? null : run.trainTimeTexts(),
        // The words are ours, the kind was checked above.
        ...(facts.warnings ? { warnings: facts.warnings } : {}),
      });
      for (const file of files) file.close();
    }
    golden.expectComplete();
  });
});

describe('index gap of format 0.5', () => {
  it('every frame belongs to its train: the train id beside each frame says so', async () => {
    const run = await open('runs/fmt05');
    const labels = run.key('SPB_DET_AGIPD1M-1/DET/7CH0:xtdf', 'image.trainId');
    const ids = Array.from((await labels.read()).data as BigUint64Array, Number);
    expect(ids).toEqual(labels.trainIdCoordinates());
    expect(ids.length).toBeGreaterThan(0);
  });
});

describe('golden: suspect.json', () => {
  const names = Object.keys(readExpected('suspect')).filter((name) => readExpected('suspect')[name].file);

  it('every file, with and without suspect trains', async () => {
    const golden = new GoldenAnswers('suspect', [ABOUT]);
    for (const name of names) {
      golden.check([name, 'file'], golden.get(name, 'file'));
      for (const isKept of [true, false]) {
        const part = `inc_suspect_trains_${isKept}`;
        const facts = golden.get(name, part);
        const answer = async () => {
          const run = await open(golden.get(name, 'file'), { includeSuspectTrains: isKept });
          const image = await run.key('SPB_DET_AGIPD1M-1/DET/3CH0:xtdf', 'image.data').read();
          const ix = run.key('SA1_XTD2_XGM/XGM/DOOCS', 'beamPosition.ixPos');
          const trains: number[] = [];
          for (const file of (await openFiles(nodeRunPorts, new OpenFileLimit(), run.path, {}, () => undefined))
            .files) {
            golden.check(
              [name, part, 'flag'],
              file.index.isSuspect.map((is) => !is),
            );
            file.close();
          }
          for await (const { trainId } of ix.trains()) trains.push(trainId);
          // Trains come in the order of their ids, those of an array in the order of the file.
          expect(trains).toEqual([...ix.trainIdCoordinates()].sort((a, b) => a - b));
          return {
            train_ids: run.trainIds,
            flag: facts.flag,
            image_shape: image.shape,
            image: arrayFacts(image, facts.image),
            ix: arrayFacts(await ix.read(), facts.ix),
            ix_train_ids: ix.trainIdCoordinates(),
            counts_labelled_index: [...ix.dataCountsByTrain().keys()],
            trains: ix.trainIdCoordinates(),
            warnings: facts.warnings,
          };
        };
        golden.check([name, part], await answerOf(answer, facts));
      }
    }
    golden.expectComplete();
  });
});

describe('golden: index-gap-reading.json', () => {
  it('index gap: all rows of a key are those of its trains, where the peer reads others', async () => {
    const golden = new GoldenAnswers('index-gap-reading', [
      ABOUT,
      { path: /^note$/, reason: 'says what is wrong with the peer' },
      { path: /^ndarray > /, reason: 'index gap: the peer takes rows behind a gap from the train before' },
    ]);
    const run = await open(golden.get('fixture'));
    const rows: Record<string, number[][]> = golden.get('by_train');
    // The key was not recorded: it is the one whose rows are those of the peer's trains.
    const fits: string[] = [];
    for (const name of run.instrumentSources) {
      for (const keyName of run.source(name).keys()) {
        const key = run.key(name, keyName);
        if (key.dtype === 'record') continue;
        const byTrain: Record<string, number[][]> = {};
        for (const trainId of run.trainIds) byTrain[trainId] = heads(await key.readTrain(trainId), 2);
        if (JSON.stringify(byTrain) !== JSON.stringify(rows)) continue;
        fits.push(keyName);
        golden.check(['by_train'], byTrain);
        golden.check(['ndarray'], heads(await key.read(), 2));
        golden.check(['train_id_coordinates'], key.trainIdCoordinates());
        expect(heads(await key.read(), 2)).toEqual(Object.values(rows).flat());
      }
    }
    expect(fits).toHaveLength(1);
    golden.expectComplete();
  });
});

function heads(
  array: { readonly shape: readonly number[]; readonly data: ArrayLike<unknown> },
  count: number,
): number[][] {
  const [entries] = array.shape;
  const width = array.data.length / Math.max(1, entries);
  return Array.from({ length: entries }, (_, entry) =>
    Array.from({ length: count }, (__, i) => Number(array.data[entry * width + i])),
  );
}

describe('golden: what the answers of detectors say of their runs', () => {
  it.each(['dssc', 'lpd-parallelgain', 'reduced', 'jungfrau-1cell', 'jungfrau-burst'])(
    '%s.json, info',
    async (name) => {
      const { fixture, info } = readExpected(name);
      const golden = new GoldenAnswers(name, [REPR], { info });
      golden.check(['info'], await runFacts(await open(fixture ?? `runs/${name}`), info));
      golden.expectComplete();
    },
  );

  it('reduced.json, auxiliary', async () => {
    const { fixture, auxiliary, auxiliary_repr } = readExpected('reduced');
    const golden = new GoldenAnswers('reduced', [], { auxiliary, auxiliary_repr });
    const found = (await open(fixture ?? 'runs/reduced')).auxiliary;
    for (const name of Object.keys(auxiliary)) {
      const keys = Object.keys(auxiliary[name]);
      expect(found.source(name).keys()).toEqual(keys.sort());
      for (const key of keys)
        golden.check(['auxiliary', name, key], await keyFacts(found.key(name, key), auxiliary[name][key]));
    }
    const list = (names: readonly string[]) => names.map((name) => `  -  ${name}\n`).join('');
    const { reductionSources, errataSources } = found;
    golden.check(
      ['auxiliary_repr'],
      `${reductionSources.length} reduction sources:\n${list(reductionSources)}\n${errataSources.length} errata sources:\n${list(errataSources)}`,
    );
    golden.expectComplete();
  });
});
