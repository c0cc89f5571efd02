import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import type { Hdf5Opener } from '../formats/hdf5.ts';
import { nodeFileStore } from '../platform/node/file-store.ts';
import { nodeRunPorts } from '../platform/node/open-run.ts';
import { createRunOpener } from './open-run.ts';
import { parseRunMap, type RunMapEntry, runMapPaths } from './run-map.ts';

const RAW = `${GOLDEN}root/SPB/202301/p900001/raw/r0034`;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-run-map-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A run of 18 files: the 13 of the raw run, and five modules of the corrected one that are other sources. */
function plantRun(place: string): string {
  const run = join(folder, place);
  mkdirSync(run, { recursive: true });
  for (const from of [RAW, RAW.replace('/raw/', '/proc/')])
    for (const name of readdirSync(from).filter((n) => !n.includes('AGIPD09')))
      cpSync(join(from, name), join(run, name));
  return run;
}

/** An opener that counts how many files it opens at once. */
function counting() {
  const opened: string[] = [];
  const hdf5: Hdf5Opener = {
    ...nodeRunPorts.hdf5,
    open: (path) => {
      opened.push(path);
      return nodeRunPorts.hdf5.open(path);
    },
  };
  return { opened, openRun: createRunOpener({ ...nodeRunPorts, hdf5 }) };
}

describe('run map', () => {
  it('is written for a large run, and saves opening its files', async () => {
    const path = plantRun('a/SPB/202301/p900001/raw/r0001');
    const { opened, openRun } = counting();
    const first = await openRun({ path });
    expect(opened).toHaveLength(18);
    const file = join(path, 'karabo_data_map.json');
    const map = JSON.parse(readFileSync(file, 'utf8')) as RunMapEntry[];
    expect(map.map((entry) => entry.filename)).toEqual(readdirSync(path).filter((name) => name.endsWith('.h5')));
    expect(readdirSync(path).filter((name) => name.endsWith('.part'))).toEqual([]);

    opened.length = 0;
    const second = await openRun({ path });
    expect(opened).toEqual([]);
    expect(second.trainIds).toEqual(first.trainIds);
    expect(second.selection).toEqual(first.selection);
    expect(second.legacySources).toEqual(first.legacySources);
    for (const name of first.sources) {
      expect(second.source(name).keys()).toEqual(first.source(name).keys());
      expect(second.source(name).dataCounts()).toEqual(first.source(name).dataCounts());
    }
    expect([...second.runMetadata()]).toEqual([...first.runMetadata()]);
    expect(second.trainTimestamps()).toEqual(first.trainTimestamps());
    await Promise.all([first.close(), second.close()]);
  });

  it('is written again if a file changed or came, and entries of other files stay', async () => {
    const path = plantRun('b');
    const { opened, openRun } = counting();
    await (await openRun({ path })).close();
    cpSync(join(path, 'RAW-R0034-DA02-S00000.h5'), join(path, 'RAW-R0034-DA03-S00000.h5'));
    rmSync(join(path, 'RAW-R0034-DA02-S00000.h5'));
    opened.length = 0;
    await (await openRun({ path })).close();
    expect(opened).toEqual([join(path, 'RAW-R0034-DA03-S00000.h5')]);
    opened.length = 0;
    await (await openRun({ path }, { include: 'RAW*' })).close();
    await (await openRun({ path })).close();
    expect(opened).toEqual([]);
    await (await openRun({ path }, { runMap: 'ignore' })).close();
    expect(opened).toHaveLength(18);
  });

  it('marks suspect trains, so that they stay out without opening a file', async () => {
    const path = join(folder, 'c');
    cpSync(`${GOLDEN}runs/fmt12`, path, { recursive: true });
    const { opened, openRun } = counting();
    const plain = await openRun({ path }, { includeSuspectTrains: false });
    const entries = [];
    for (const name of readdirSync(path)) {
      const found = await nodeFileStore.entry(join(path, name));
      const whole = await openRun({ path: join(path, name) });
      const seconds = Number(found?.modifiedNs) / 1e9;
      const sure = await openRun({ path: join(path, name) }, { includeSuspectTrains: false });
      entries.push({
        filename: name,
        mtime:
          Number(BigInt(found?.modifiedNs ?? 0n) / 1_000_000_000n) +
          1e-9 * Number(BigInt(found?.modifiedNs ?? 0n) % 1_000_000_000n),
        size: found?.size,
        train_ids: whole.trainIds,
        control_sources: whole.controlSources,
        instrument_sources: whole.instrumentSources,
        legacy_sources: {},
        suspect_train_indices: whole.trainIds.flatMap((id, i) => (sure.trainIds.includes(id) ? [] : [i])),
      });
      expect(entries.at(-1)?.mtime).toBeCloseTo(seconds, 5);
    }
    writeFileSync(join(path, 'karabo_data_map.json'), JSON.stringify(entries));
    opened.length = 0;
    const mapped = await openRun({ path }, { includeSuspectTrains: false });
    expect(opened).toEqual([]);
    expect(mapped.trainIds).toEqual(plain.trainIds);
    const key = ['SA1_XTD2_XGM/XGM/DOOCS', 'beamPosition.ixPos'] as const;
    expect((await mapped.key(...key).read()).data).toEqual((await plain.key(...key).read()).data);
  });

  it('small folders are left as they are', async () => {
    const path = join(folder, 'd');
    cpSync(`${GOLDEN}runs/fmt12`, path, { recursive: true });
    await (await counting().openRun({ path })).close();
    expect(existsSync(join(path, 'karabo_data_map.json'))).toBe(false);
  });

  it('goes to the scratch folder where the run may not be written, and nowhere without one', async () => {
    const path = plantRun('e/SPB/202301/p900002/raw/r0002');
    chmodSync(path, 0o555);
    const isRoot = process.getuid?.() === 0;
    mkdirSync(join(folder, 'e/SPB/202301/p900002/scratch'));
    const paths = await runMapPaths(nodeFileStore, path);
    expect(paths.map((p) => p.replace(folder, ''))).toEqual([
      '/e/SPB/202301/p900002/raw/r0002/karabo_data_map.json',
      '/e/SPB/202301/p900002/scratch/.karabo_data_maps/raw_r0002.json',
    ]);
    // The superuser may write anywhere: then the store says no instead of the system.
    const files: typeof nodeFileStore = {
      ...nodeFileStore,
      writeText: async (to, text) => (to.startsWith(path) ? false : nodeFileStore.writeText(to, text)),
    };
    const open = createRunOpener({ ...nodeRunPorts, files: isRoot ? files : nodeFileStore });
    await (await open({ path })).close();
    expect(existsSync(paths[0])).toBe(false);
    expect(parseRunMap(readFileSync(paths[1], 'utf8')).size).toBe(18);
    chmodSync(path, 0o755);
  });

  it('the newest map is read; a damaged one is as good as none', async () => {
    const path = plantRun('f/SPB/202301/p900003/raw/r0003');
    mkdirSync(join(folder, 'f/SPB/202301/p900003/scratch/.karabo_data_maps'), { recursive: true });
    const { opened, openRun } = counting();
    await (await openRun({ path })).close();
    writeFileSync(join(folder, 'f/SPB/202301/p900003/scratch/.karabo_data_maps/raw_r0003.json'), '[{"filename": 1');
    opened.length = 0;
    await (await openRun({ path })).close();
    expect(opened).toEqual([]);
  });

  it('entries that are none are left out', () => {
    const good = {
      filename: 'a.h5',
      mtime: 1.5,
      size: 3,
      train_ids: [1, 2],
      control_sources: ['A/B/C'],
      instrument_sources: [],
      legacy_sources: {},
      suspect_train_indices: [1],
    };
    const { legacy_sources: _, ...old } = good;
    const list = [good, old, null, 3, { ...good, train_ids: ['x'] }, { ...good, suspect_train_indices: [2] }];
    expect([...parseRunMap(JSON.stringify(list)).values()]).toEqual([good]);
    expect(parseRunMap('{}').size).toBe(0);
    expect(parseRunMap('not JSON').size).toBe(0);
  });
});
