// Runs one of the project's commands with the Node that the project pins (dev dependency `node`).
// This file must work on the system Node (>= 20) of a machine where nothing is installed yet: it installs first.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const pinnedNode = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

function isInstalled() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  return (
    existsSync(pinnedNode) &&
    existsSync(installed) &&
    statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs - 1000
  );
}

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(
    `Hutch needs Node 20 or newer to install itself; this is ${process.version}. Install a newer Node and run the command again.`,
  );
  process.exit(2);
}
if (!isInstalled()) {
  console.error('Installing dependencies (npm ci) ...');
  const install = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (install.status !== 0) {
    console.error('npm ci failed: see the message above. A registry must be reachable for the first start.');
    process.exit(install.status ?? 1);
  }
}
const [task, ...args] = process.argv.slice(2);
const script = join(root, 'tools', `${task}.ts`);
if (!task || !existsSync(script)) {
  console.error(`usage: node tools/run.mjs TASK [ARG ..]; no task "${task}" in tools/`);
  process.exit(2);
}
const env = {
  ...process.env,
  PATH: `${dirname(pinnedNode)}:${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`,
};
const child = spawn(pinnedNode, ['--disable-warning=ExperimentalWarning', script, ...args], {
  cwd: root,
  stdio: 'inherit',
  env,
});
// Ctrl-C reaches both processes at once; other signals come to this one alone and must not leave the task running.
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
process.exitCode = await new Promise((resolve) => {
  child.once('error', (error) => {
    console.error(`${pinnedNode} cannot be started: ${error.message}`);
    resolve(1);
  });
  child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
});
