import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as hutch from '../src/index.ts';
import { undocumented } from '../tools/docstrings.ts';

/** Every name that `import .. from 'hutch'` offers; types say so. */
function exportedNames(): string[] {
  const text = readFileSync(join(import.meta.dirname, '..', 'src', 'index.ts'), 'utf8');
  const statements = [...text.matchAll(/^export (type )?\{([^}]*)\} from '[^']+';$/gm)];
  expect(statements).toHaveLength(text.match(/^export /gm)?.length ?? 0);
  return statements.flatMap(([, isType, names]) =>
    names
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean)
      .map((name) => (isType && !name.startsWith('type ') ? `type ${name}` : name)),
  );
}

describe('the public API', () => {
  it('changes only on purpose: a name more, less or other is an entry of the changelog', async () => {
    await expect(`${exportedNames().sort().join('\n')}\n`).toMatchFileSnapshot('golden/public-api.txt');
  });

  it('exports what it names, and nothing else', () => {
    const values = exportedNames().filter((name) => !name.startsWith('type '));
    expect(Object.keys(hutch).sort()).toEqual(values.sort());
    expect(Object.values(hutch)).not.toContain(undefined);
  });
});

describe('the check of docstrings', () => {
  it('names exports without one', () => {
    const text = [
      '/** Good. */',
      'export function good(): void {}',
      '',
      'export async function bare(): Promise<void> {}',
      '/** Overloaded. */',
      'export function twice(a: string): void;',
      'export function twice(a: number): void;',
      '// a remark is no docstring',
      'export const remark = 1;',
      'export type Row = z.infer<typeof rowSchema>;',
      'function inner() {}',
      '/**',
      ' * Long.',
      ' */',
      '// biome-ignore lint/x: why',
      'export interface Long {}',
    ].join('\n');
    expect(undocumented(text)).toEqual([
      { name: 'bare', line: 4 },
      { name: 'remark', line: 9 },
    ]);
  });
});
