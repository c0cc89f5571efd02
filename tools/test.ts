// npm test: installs what the tests need from Debian when it may, builds, runs all tests, and ends with a plain count.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPages } from './build-pages.ts';
import { buildWasm } from './build-wasm.ts';
import { hasProgram, run, runBin } from './process.ts';

/** What some tests need from outside, how to see that it is there, and which tests go without it. */
const NEEDS = [
  { packages: ['chromium'], has: () => existsSync('/usr/bin/chromium'), tests: 'browser tests (test/browser)' },
  {
    packages: ['python3-h5py', 'python3-zmq', 'python3-msgpack', 'python3-numpy'],
    has: () => hasProgram('/usr/bin/python3', ['-c', 'import h5py, zmq, msgpack, numpy']),
    tests: 'tests against Python peers (names with "python" or "h5py")',
  },
] as const;

function installNeeds(): void {
  const missing = NEEDS.filter((need) => !need.has());
  if (missing.length > 0 && process.getuid?.() === 0 && hasProgram('apt-get')) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', ['update', '-qq'], env);
    run(
      'apt-get',
      ['install', '-y', '-qq', '--no-install-recommends', ...missing.flatMap((need) => need.packages)],
      env,
    );
  }
  for (const need of NEEDS) {
    if (!need.has())
      console.log(`NOT RUN: ${need.tests}: Debian's ${need.packages.join(', ')} cannot be installed here.`);
  }
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

installNeeds();
await buildWasm();
const isBuilt = buildPages() === 0;
const folder = mkdtempSync(join(tmpdir(), 'hutch-test-'));
const reportPath = join(folder, 'report.json');
const status = runBin('vitest/vitest.mjs', [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${reportPath}`,
  ...process.argv.slice(2),
]);
if (!existsSync(reportPath)) {
  console.error('The test runner left no report: see its message above.');
  process.exit(status || 1);
}
const report = JSON.parse(readFileSync(reportPath, 'utf8')) as Report;
rmSync(folder, { recursive: true });
for (const file of report.testResults) {
  for (const test of file.assertionResults)
    if (test.status === 'pending' || test.status === 'skipped') console.log(`not run: ${test.fullName}`);
}
// A file that cannot even be loaded has no test of its own, and must count all the same.
const brokenFiles = report.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
).length;
const failed = report.numFailedTests + brokenFiles + (isBuilt ? 0 : 1);
const skipped = report.numPendingTests;
console.log(`${report.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 || status !== 0 ? 1 : 0);
