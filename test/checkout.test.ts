// What a fresh clone needs: `npm ci` from any registry, the one install script approved, a CI script that ends with the count.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const json = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

describe('package-lock.json', () => {
  const packages: Readonly<Record<string, Locked>> = json('package-lock.json').packages;

  it('names no download address: every registry can serve it', () => {
    expect(Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    expect(readFileSync(join(root, '.npmrc'), 'utf8')).toContain('omit-lockfile-registry-resolved=true');
  });

  it('has the hash of every package, and fits package.json', () => {
    const { '': own, ...others } = packages;
    expect(
      Object.entries(others).filter(
        ([path, { integrity }]) => !integrity && !/node_modules\/.+\/node_modules\//.test(path),
      ),
    ).toEqual([]);
    const { dependencies, devDependencies } = json('package.json');
    expect([own.dependencies, own.devDependencies]).toEqual([dependencies, devDependencies]);
  });

  it('has no install script but those that package.json approves', () => {
    const approved = Object.keys(json('package.json').allowScripts);
    const running = Object.entries(packages).filter(
      ([, { hasInstallScript, optional }]) => hasInstallScript && !optional,
    );
    expect(running.map(([path]) => path.replace(/^.*node_modules\//, '')).sort()).toEqual(approved.sort());
  });
});

describe('the checkout', () => {
  it('has executable .ci/run and bin/hutch', () => {
    for (const path of ['.ci/run', 'bin/hutch']) accessSync(join(root, path), constants.X_OK);
    expect(spawnSync('bash', ['-n', join(root, '.ci/run')]).status).toBe(0);
  });

  it('names no folder of the machine it was made on', () => {
    const tracked = spawnSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
    if (tracked.status !== 0) return; // a tarball has no history
    const texts = tracked.stdout
      .split('\0')
      .filter((path) => /\.(ts|tsx|mjs|json|md|css|html|yml)$|^(bin|\.ci)\//.test(path));
    const home = root.length > 8 ? root : `${root}/src`;
    expect(texts.filter((path) => readFileSync(join(root, path), 'utf8').includes(`${home}/`))).toEqual([]);
  });
});
