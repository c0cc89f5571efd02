import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { geometryFromCrystfel } from '../src/detector/geometry-crystfel.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');
const TEXT = read('docs/geometry.md');
/** Programs by the word behind ```ts. */
const programs = new Map([...TEXT.matchAll(/^```ts (\w+)\n([\s\S]*?)^```$/gm)].map(([, name, text]) => [name, text]));
const library = pathToFileURL(join(ROOT, 'src', 'index.ts')).href;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-docs-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program of the page as it stands. */
function run(name: string): string {
  const path = join(folder, `${name}.mts`);
  writeFileSync(path, (programs.get(name) ?? '').replaceAll("'hutch'", `'${library}'`));
  const done = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', path], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(done.stderr, name).toBe('');
  return done.stdout;
}

describe('docs/geometry.md', { timeout: 60_000 }, () => {
  it('has no program that is not run here', () => {
    expect([...programs.keys()]).toEqual(['assemble', 'integrate', 'refine', 'phase']);
    expect(TEXT.match(/^```ts/gm)).toHaveLength(programs.size);
  });

  it('assemble', () => {
    expect(run('assemble')).toBe('[ 4, 1256, 1092 ] beam at [ 631, 550 ]\nAGIPD1M [ 16, 8, 2, 4 ]\n');
    expect(readFileSync(join(folder, 'moved.geom'), 'utf8')).toMatch(/^p0a0\/corner_x/m);
  });

  it('integrate', () => {
    expect(run('integrate')).toBe('1000 1000 1000 1000\n180000\n');
  });

  it('refine finds the displaced quadrant', () => {
    const said = run('refine');
    const found = Object.fromEntries(
      [...said.matchAll(/^(Q\d) (\S+) (\S+)/gm)].map(([, label, x, y]) => [label, [Number(x), Number(y)]]),
    );
    for (const [label, truth] of Object.entries({ Q1: [0, 0], Q2: [0, 0], Q3: [6.4, -5.2], Q4: [0, 0] }))
      for (const axis of [0, 1]) expect(Math.abs(found[label][axis] - truth[axis]), label).toBeLessThan(0.05);
  });

  it('phase moves lines with pressure and heat, and writes its card', () => {
    const said = run('phase');
    const [first, second] = [/^1 1 1 (\S+)$/m, /^2 0 0 (\S+)$/m].map((line) => Number(line.exec(said)?.[1]));
    // Pressure alone gives the third root of 0.9; heat gives some of it back.
    expect(first).toBeGreaterThan((4.0786 / Math.sqrt(3)) * Math.cbrt(0.9));
    expect(first).toBeLessThan(4.0786 / Math.sqrt(3));
    expect(second / first).toBeCloseTo(Math.sqrt(3 / 4), 4);
    expect(said).toContain('SYMMETRY: CUBIC\nA: 4.0786\n');
  });
});

describe('docs/extra-geom-names.md', () => {
  const exported = new Set(
    read('test/golden/public-api.txt')
      .split('\n')
      .map((line) => line.replace(/^type /, '')),
  );
  const rows = read('docs/extra-geom-names.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (EXtra-geom|pyFAI) \| Hutch/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );

  it('has no empty cell', () => {
    expect(rows.length).toBeGreaterThan(40);
    for (const row of rows) {
      expect(row).toHaveLength(2);
      for (const cell of row) expect(cell, row.join(' | ')).not.toBe('');
    }
  });

  it('names what is exported, and fields that are there', () => {
    const geometry = geometryFromCrystfel(read('test/golden/geometry/files/write_agipd_bad_3d.geom'));
    /** Names of options and values, which are no exports. */
    const options =
      /^(unit|layout|normalization|template|azimuthPoints|method|no|bbox|pseudo|full|polarization|hasSolidAngle)$/;
    const missing: string[] = [];
    for (const [, ours] of rows) {
      for (const [, code] of ours.matchAll(/`([^`]*)`/g)) {
        const name = /^(?:await )?([A-Za-z]\w*)/.exec(code)?.[1];
        if (name === undefined || name === 'hutch' || options.test(name)) continue;
        if (name === 'geometry') {
          const value = code
            .split('.')
            .slice(1)
            .reduce<unknown>((of, key) => (of as Record<string, unknown>)?.[key], geometry);
          if (value === undefined) missing.push(code);
          continue;
        }
        if (!exported.has(name)) missing.push(code);
      }
    }
    expect(missing).toEqual([]);
  });
});
