// The layer rules catch what they promise: forbidden imports are planted in a made-up source tree, one of each kind.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** The table of ARCHITECTURE.md: what each layer may import. */
const MAY = new Map(
  [...readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8').matchAll(/^\| `([a-z/]+)` \|.*\| ([a-z/ ]+) \|$/gm)].map(
    ([, layer, imports]) => [layer, imports === 'nothing' ? [] : imports.split(' ')] as const,
  ),
);
const LAYERS = [...MAY.keys()];
const nameOf = (layer: string) => layer.replace('/', '-');

/** Planted files beside those of layer to layer: path, content, the rule that must name it (null: others import it). */
const PLANTED: readonly (readonly [path: string, content: string, rule: string | null])[] = [
  ['src/core/unresolvable.ts', "import './not-there.ts';", 'no-unresolvable'],
  ['src/core/unresolvable-package.ts', "import 'no-such-package-at-all';", 'no-unresolvable'],
  ['src/core/cycle-a.ts', "import './cycle-b.ts';\nexport const a = 1;", 'no-circular'],
  ['src/core/cycle-b.ts', "import { a } from './cycle-a.ts';\nexport const b = a;", null],
  // A type is an edge too.
  ['src/core/type-only.ts', "export type { it } from '../app/it.ts';", 'layer-core'],
  ...['core', 'formats', 'data', 'live', 'api', 'app'].map(
    (layer) => [`src/${layer}/built-in.ts`, "import 'node:fs';", 'no-node-builtins'] as const,
  ),
  ['src/server/built-in.ts', "import { readFileSync } from 'fs';\nreadFileSync('x');", 'no-node-builtins'],
  ['src/server/adapter.ts', "import '../platform/node/it.ts';", 'adapters-only-at-root'],
  ['src/app/panels/deep.ts', "import '../../data/it.ts';", 'ui-sees-session-only'],
  ['src/app/panels/upward.ts', "import '../pages/page.ts';", 'panels-below-pages'],
  ['src/app/pages/page.ts', 'export const page = 1;', null],
  ['src/cli/commands/one.ts', "import './other.ts';", 'no-sibling-leaves'],
  ['src/cli/commands/other.ts', 'export const other = 1;', null],
  ['src/core/barrel.ts', "import './folder/index.ts';", 'no-internal-barrels'],
  ['src/core/folder/index.ts', 'export const inner = 1;', null],
  ['src/core/indexed.ts', "import './chunk-index.ts';", null],
  ['src/core/chunk-index.ts', 'export const chunk = 1;', null],
  ['src/core/dump.ts', "import './utils.ts';", 'no-dumping-ground'],
  ['src/core/utils.ts', 'export const util = 1;', null],
  ['src/newcomer/file.ts', "import '../core/it.ts';", 'known-folders-only'],
  ['src/core/validated.ts', "import 'zod';", 'home-zod'],
  ['src/formats/hdf5.ts', "import 'h5wasm';", 'home-h5wasm'],
  ['src/live/web.ts', "import 'fastify';", 'home-fastify'],
  ['src/data/args.ts', "import 'commander';", 'home-commander'],
  ['src/server/picture.ts', "import 'react';", 'home-react'],
  ['src/core/tested.ts', "import 'fast-check';", 'known-libraries-only'],
  ['src/core/alone.ts', 'export const alone = 1;', 'no-orphans'],
];

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

describe('layer rules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-layers-'));
  let violations: readonly Violation[];

  beforeAll(() => {
    for (const file of ['.dependency-cruiser.mjs', 'tsconfig.json', 'package.json'])
      cpSync(join(root, file), join(folder, file));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const plant = (path: string, content: string) => {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), `${content}\n`);
    };
    for (const from of LAYERS) {
      plant(`src/${from}/it.ts`, 'export const it = 1;');
      const up = '../'.repeat(from.split('/').length);
      for (const to of LAYERS) if (to !== from) plant(`src/${from}/to-${nameOf(to)}.ts`, `import '${up}${to}/it.ts';`);
    }
    for (const [path, content] of PLANTED) plant(path, content);
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
        ...['--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'src'],
      ],
      { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28 },
    );
    if (!stdout) throw new Error(stderr);
    violations = JSON.parse(stdout).summary.violations;
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('every row of the table in ARCHITECTURE.md is read', () => {
    expect(LAYERS.length).toBeGreaterThanOrEqual(15);
    expect(MAY.get('core')).toEqual([]);
    expect([...MAY.values()].flat().filter((name) => !MAY.has(name))).toEqual([]);
  });

  it.each(LAYERS)('%s may import what ARCHITECTURE.md says, and nothing else', (from) => {
    const refused = violations
      .filter(({ from: file, rule }) => file.startsWith(`src/${from}/to-`) && rule.name === `layer-${from}`)
      .map(({ to }) => to.replace(/^src\/(.*)\/it\.ts$/, '$1'));
    const wanted = LAYERS.filter((to) => to !== from && !MAY.get(from)?.includes(to));
    expect(refused.sort()).toEqual(wanted.sort());
  });

  it('a file that only ends in -index.ts is no barrel', () => {
    expect(violations.filter(({ from }) => from === 'src/core/indexed.ts')).toEqual([]);
  });

  const broken = PLANTED.flatMap(([path, , rule]) => (rule ? [[path, rule] as const] : []));
  it.each(broken)('%s breaks %s', (path, rule) => {
    expect(violations.filter(({ from }) => from === path).map((violation) => violation.rule.name)).toContain(rule);
  });
});
