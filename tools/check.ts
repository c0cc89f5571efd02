// npm run check: types, lint and format, layer rules, unused code. Runs all of them and fails if one fails.
import { runBin } from './process.ts';

const checks: readonly (readonly [string, string, readonly string[]])[] = [
  ['types (tsc)', 'typescript7/bin/tsc', ['-p', '.']],
  ['lint and format (biome)', '@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.']],
  [
    'layers (dependency-cruiser)',
    'dependency-cruiser/bin/dependency-cruise.mjs',
    ['--config', '.dependency-cruiser.mjs', 'src'],
  ],
  ['docstrings', '../tools/docstrings.ts', []],
  ['unused code (knip)', 'knip/bin/knip.js', []],
];

const failed = checks.filter(([name, bin, args]) => {
  const status = runBin(bin, args);
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}`);
  return status !== 0;
});
if (failed.length > 0) console.error(`check: ${failed.map(([name]) => name).join(', ')} failed`);
process.exit(failed.length > 0 ? 1 : 0);
