// One list of commands, and everything else that lists them: the package, its executables, the documents.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from './command-table.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const oldNames = Object.values(COMMANDS).flatMap((entry) => Object.entries(entry.oldNames ?? {}));

describe('the list of commands', () => {
  it.each(Object.entries(COMMANDS))('%s can be loaded', async (_, { load }) => {
    expect(await load()).toBeTypeOf('function');
  });

  it('is that of the executables of the package', () => {
    const { bin } = JSON.parse(read('package.json')) as { bin: Record<string, string> };
    const names = ['hutch', ...oldNames.map(([name]) => name)].sort();
    expect(Object.keys(bin).sort()).toEqual(names);
    expect(Object.values(bin).sort()).toEqual(names.map((name) => `bin/${name}`));
    expect(readdirSync(join(root, 'bin')).sort()).toEqual(names);
  });

  it.each(oldNames)('%s runs hutch %s', (name, words) => {
    const list = words.split(' ').map((word) => `'${word}'`);
    expect(read(`bin/${name}`)).toContain(`process.argv.splice(2, 0, ${list.join(', ')});`);
    expect(statSync(join(root, 'bin', name)).mode & 0o111).toBe(0o111);
  });

  it('is that of the documents', () => {
    for (const [document, isComplete] of [
      ['README.md', false],
      ['docs/commands.md', true],
    ] as const) {
      const text = read(document);
      const told = new Set([...text.matchAll(/`hutch ([a-z-]+)/g)].map(([, name]) => name));
      expect([...told].sort()).toEqual(Object.keys(COMMANDS).sort());
      for (const [name] of isComplete ? oldNames : []) expect(text).toContain(`\`${name}\``);
    }
  });
});
