// Part of npm run check: every export of src/ has a docstring (house style). Types inferred from a documented schema need none.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './process.ts';

const EXPORT =
  /^export (?:default )?(?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|const|let|interface|type|enum) (\w+)(.*)$/;

/** Exports of a source text without a docstring, as `name` and 1-based line. */
export function undocumented(text: string): { readonly name: string; readonly line: number }[] {
  const lines = text.split('\n');
  const known = new Set<string>();
  return lines.flatMap((content, index) => {
    const match = EXPORT.exec(content);
    if (!match) return [];
    const [, name, rest] = match;
    // Decorating lint comments may stand between.
    let above = index - 1;
    while (above >= 0 && lines[above].startsWith('// biome-ignore')) above--;
    const isDocumented = above >= 0 && lines[above].trimEnd().endsWith('*/');
    // The second signature of an overloaded function, and `type X = z.infer<typeof xSchema>` below the schema.
    if (isDocumented || known.has(name) || rest.includes('z.infer<')) {
      known.add(name);
      return [];
    }
    return [{ name, line: index + 1 }];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = globSync('src/**/*.{ts,tsx}', { cwd: root }).filter(
    (file) => !/\.(test|bench)\.tsx?$|\.d\.ts$|kernels\/assembly\//.test(file),
  );
  const missing = files.flatMap((file) =>
    undocumented(readFileSync(join(root, file), 'utf8')).map(({ name, line }) => `${file}:${line} ${name}`),
  );
  for (const each of missing) console.error(`no docstring: ${each}`);
  process.exit(missing.length > 0 ? 1 : 0);
}
