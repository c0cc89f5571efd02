import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { runHere } from '../../test/server/hutch-in-process.ts';
import { runHutch } from '../../test/server/hutch-process.ts';
import { createHdf5 } from '../formats/hdf5-writer.ts';
import { nodeHdf5Creator } from '../platform/node/hdf5-create.ts';
import { addGlanceCommand } from './commands/glance.ts';

const TYPES = `${GOLDEN}hdf5-types.h5`;
const DA01 = `${GOLDEN}root/SPB/202301/p900001/raw/r0034/RAW-R0034-DA01-S00000.h5`;
const PROC = `${GOLDEN}root/SPB/202301/p900001/proc/r0034/CORR-R0034-AGIPD01-S00000.h5`;
const glance = (...args: string[]) => runHere(addGlanceCommand, ['glance', ...args]);
const text = async (...args: string[]) => (await glance(...args)).stdout;

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('hutch glance, trees', () => {
  it('shows groups, types, links, hard links', async () => {
    const lines = (await text(TYPES)).split('\n');
    expect(lines[0]).toBe(TYPES);
    for (const line of [
      '├big',
      '│ ├f2\t[float16 (big-endian): 2 × 3]',
      '├bool\t[enum FALSE, TRUE: 3]',
      '├complex64\t[complex64: 2]',
      '├enum\t[enum A, B: 3]',
      '├fixed-text\t[4-byte ASCII string: 3]',
      '│ ├broken\t-> /nowhere',
      '│ ├external\t-> gone.h5//x',
      '│ ├hard\t[float32: scalar] (7 attributes)',
      '│ └soft\t-> /layout',
      '├records\t[(n: int32, x: float64): 1 × 2]',
      '├scalar\t= /links/hard',
      '├scalar-text\t[UTF-8 string: scalar]',
      '├vlen-numbers\t[vlen array of int32: 2]',
      '└vlen-text\t[UTF-8 string: 3]',
    ])
      expect(lines).toContain(line);
  });

  it('stops at a depth, starts at a path, tells virtual datasets', async () => {
    expect((await text(TYPES, '-d', '1')).split('\n')).toContain('├big\t(11 children)');
    expect(await text(TYPES, 'links', '--depth', '0')).toBe(`${TYPES}/links\t(4 children)\n`);
    const virtual = await text(`${GOLDEN}runs/voview/overview.h5`);
    expect(virtual).toMatch(/└?├?data\t\[uint16: .* virtual\n/);
    expect(virtual).toMatch(/^.*overview\.h5 \(2 attributes\)\n/);
  });

  it('shows values of attributes', async () => {
    const lines = (await text(DA01, 'CONTROL/SPB_IRU_MOT/MOTOR/X1', '--attrs')).split('\n');
    const at = lines.indexOf('├actualPosition');
    expect(lines.slice(at + 1, at + 6)).toEqual([
      '│ ├4 attributes:',
      "│ │ ├metricPrefixName: 'milli'",
      "│ │ ├metricPrefixSymbol: 'm'",
      "│ │ ├unitName: 'meter'",
      "│ │ └unitSymbol: 'm'",
    ]);
  });

  it('has colours where they are wanted', async () => {
    vi.stubEnv('H5GLANCE_COLORS', '1');
    vi.stubEnv('NO_COLOR', '1');
    expect(await text(TYPES, 'links')).toContain('├\u001b[95mbroken\u001b[0m\t-> /nowhere');
    vi.stubEnv('H5GLANCE_COLORS', '');
    expect(await text(TYPES)).not.toContain('\u001b');
  });
});

describe('hutch glance, datasets', () => {
  it('shows facts, a sample and attributes', async () => {
    expect(await text(DA01, 'CONTROL/SPB_IRU_MOT/MOTOR/X1/actualPosition/value')).toBe(
      `${DA01}/CONTROL/SPB_IRU_MOT/MOTOR/X1/actualPosition/value
      dtype: float64
      shape: 3
   maxshape: Unlimited
     layout: Chunked
      chunk: 3
compression: None (options: None)

sample data:
[15.5  16.25 17.  ]

0 attributes:
`,
    );
    const pixels = await text(PROC, 'INSTRUMENT/SPB_DET_AGIPD1M-1/CORR/1CH0:output/image/data');
    expect(pixels).toMatch(/compression: gzip \(options: \d\)\n\nsample data:\n\[\[.*\n/);
    expect(pixels.split('sample data:\n')[1].split('\n\n')[0].match(/\]/g)).toHaveLength(11);
  });

  it('texts, records, scalars, nothing', async () => {
    expect(await text(TYPES, 'vlen-text')).toMatch(/sample data:\n\['/);
    expect(await text(TYPES, 'records')).toMatch(/sample data:\n\[\[\( ?\d+, /);
    expect(await text(TYPES, 'records', '-s', '0,1')).toMatch(/selected data \[0,1\]:\n\(\d+, /);
    expect(await text(TYPES, 'scalar-text')).toMatch(/shape: scalar\n {5}layout: .*\n\nsample data:\n'/);
    expect(await text(TYPES, 'empty')).not.toContain('sample');
    expect(await text(TYPES, 'vlen-numbers')).toMatch(/which cannot be read\)/);
    expect(await text(TYPES, 'scalar')).toMatch(/\n7 attributes:\n\* \S+: /);
  });

  it('takes slices', async () => {
    expect(await text(DA01, 'INDEX/trainId', '--slice=-7:3')).toContain(
      'selected data [-7:3]:\n[1000000001 1000000002]\n',
    );
    expect(await text(DA01, 'INDEX/trainId', '-s=0')).toContain('selected data [0]:\n1000000000\n');
    expect((await glance(DA01, 'INDEX/trainId', '-s', 'x')).code).toBe(2);
    expect((await glance(DA01, 'INDEX/trainId', '-s', '99')).stderr).toMatch(/outside axis 0/);
    expect((await glance(DA01, 'INDEX', '-s', '0')).stderr).toMatch(/is a group/);
  });

  it('prints JSON', async () => {
    const tree = JSON.parse(await text(TYPES, '--json', '--attrs'));
    expect(tree.children.map((child: { name: string }) => child.name)).toContain('records');
    expect(tree.children.find((child: { name: string }) => child.name === 'scalar')).toMatchObject({
      sameAs: '/links/hard',
    });
    const dataset = JSON.parse(await text(DA01, 'INDEX/trainId', '--json'));
    expect(dataset).toMatchObject({ kind: 'dataset', dtype: 'uint64', chunks: [8], compression: null });
  });
});

describe('hutch glance, a pager', () => {
  it('is $PAGER where it is asked for; without one that can be started the text comes as it is', async () => {
    const plain = await text(TYPES, 'links');
    const paged = await runHutch(['glance', TYPES, 'links', '--pager'], { env: { PAGER: 'tr a-z A-Z' } });
    expect(paged).toEqual({ code: 0, stdout: plain.toUpperCase(), stderr: '' });
    const without = await runHutch(['glance', TYPES, 'links', '--pager'], { env: { PAGER: '/nowhere/pager' } });
    expect(without.stdout).toBe(plain);
  });
});

describe('hutch glance, what is wrong', () => {
  it('says where and how', async () => {
    expect((await glance(join(GOLDEN, 'nope.h5'))).code).toBe(2);
    expect((await glance(GOLDEN)).stderr).toMatch(/Not a file.*hutch ls/);
    const none = await glance(DA01, 'INDEX/trainIds');
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringMatching(/no object \/INDEX\/trainIds; nearest in \/INDEX: trainId/),
    ]);
    const foreign = join(tmpdir(), `hutch-glance-${process.pid}.h5`);
    writeFileSync(foreign, 'no HDF5');
    expect((await glance(foreign)).stderr).toMatch(/is not an HDF5 file/);
    expect((await glance(TYPES, '-')).code).toBe(2);
    expect((await glance(TYPES, '-d', 'x')).code).toBe(2);
  });
});

describe('hutch glance --html', () => {
  /** Names of what the tree shows, in order. */
  const namesIn = (page: string) =>
    [...page.matchAll(/<span (?:id="[^"]*" title="[^"]*" )?class="(?:group|dataset|link)">([^<]*)</g)].map(
      ([, n]) => n,
    );

  it('a page with all objects, that loads and runs nothing', async () => {
    const page = await text(DA01, '--html');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<script|<link|<img|\bon\w+=|url\(|https?:/i);
    const { children } = JSON.parse(await text(DA01, '--json'));
    const all: string[] = [];
    const visit = (nodes: { name: string; children?: never[]; sameAs?: string }[]) => {
      for (const node of nodes) {
        if (node.sameAs === undefined) all.push(node.name);
        visit(node.children ?? []);
      }
    };
    visit(children);
    expect(all.length).toBeGreaterThan(50);
    expect(namesIn(page).slice(1)).toEqual(all);
    expect(page.match(/<details/g)?.length).toBe(page.match(/<\/details>/g)?.length);
    expect(page).toMatch(/trainId<\/span> <span class="note">\[uint64: 8\]/);
  });

  it('storage, attributes, links and hard links', async () => {
    const page = await text(TYPES, '--html');
    expect(page).toContain('&rarr; gone.h5//x');
    expect(page).toMatch(/scalar<\/span> <a href="#%2Flinks%2Fhard">= \/links\/hard<\/a>/);
    const proc = await text(PROC, 'INSTRUMENT', '--html', '-d', '9');
    expect(proc).toMatch(/<th>compression<\/th><td>gzip \(\d\), shuffle/);
    expect(await text(DA01, '--html', '-d', '1')).toMatch(/>INDEX<\/span> <span class="note">\d+ children, not shown/);
    const one = await text(DA01, 'INDEX/trainId', '--html');
    expect(namesIn(one)).toEqual(['trainId']);
  });

  it('escapes names and values, whatever they hold', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hutch-glance-'));
    const path = join(folder, 'evil.h5');
    const evil = `<img src=x onerror="alert('1')">`;
    await createHdf5(nodeHdf5Creator, path, (writer) => {
      writer.group(`/${evil} & more`);
      writer.attributes(`/${evil} & more`, { [evil]: `</td><script>"'&` });
    });
    const out = join(folder, 'evil.html');
    const made = await glance(path, '--html', '-o', out);
    const page = readFileSync(out, 'utf8');
    rmSync(folder, { recursive: true });
    expect([made.code, made.stdout]).toEqual([0, `${out}\n`]);
    expect(page).not.toMatch(/<img|<script/);
    expect(page).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; more');
    expect(page).toContain('&lt;/td&gt;&lt;script&gt;');
    expect(page).not.toMatch(/id="[^"]*\s[^"]*"/);
  });

  it('refuses what has no meaning', async () => {
    expect((await glance(DA01, '--html', '--slice', '0')).code).toBe(2);
    expect((await glance(DA01, '-o', 'x.html')).code).toBe(2);
    expect((await glance(DA01, 'INDEX/no', '--html')).stderr).toContain('has no object /INDEX/no');
  });
});
