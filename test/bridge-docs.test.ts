import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addBridgeCommands } from '../src/cli/commands/bridge.ts';
import type { CliContext } from '../src/cli/context.ts';
import { findFreePort } from '../src/platform/node/free-port.ts';

const ROOT = join(import.meta.dirname, '..');
const TEXT = readFileSync(join(ROOT, 'docs', 'bridge.md'), 'utf8');
/** Programs by the word behind ```ts. */
const programs = new Map([...TEXT.matchAll(/^```ts (\w+)\n([\s\S]*?)^```$/gm)].map(([, name, text]) => [name, text]));
const library = pathToFileURL(join(ROOT, 'src', 'index.ts')).href;

let folder: string;
const running = new Set<ChildProcess>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-docs-'));
});
afterAll(() => {
  for (const child of running) child.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a program of the page as it stands, but for the port. */
function start(name: string, port: number): { child: ChildProcess; ended: Promise<string> } {
  const text = programs.get(name);
  if (text === undefined) throw new Error(`docs/bridge.md has no program "${name}"`);
  const path = join(folder, `${name}-${port}.mts`);
  writeFileSync(path, text.replaceAll("'hutch'", `'${library}'`).replaceAll('4545', String(port)));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path], { cwd: folder });
  running.add(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk;
    });
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    if (code !== 0) throw new Error(`${name} ended with code ${code}: ${said}`);
    return said;
  });
  ended.catch(() => undefined);
  return { child, ended };
}

describe('docs/bridge.md', () => {
  it('has no program that is not run here', () => {
    expect([...programs.keys()].sort()).toEqual([
      'client',
      'frames',
      'read',
      'record',
      'replay',
      'server',
      'simulator',
    ]);
    expect(TEXT.match(/^```ts/gm)).toHaveLength(programs.size);
  });

  it('simulator and client; record, read, and replay to a client', { timeout: 120_000 }, async () => {
    const port = await findFreePort();
    const simulator = start('simulator', port);
    const seen = await start('client', port).ended;
    expect(seen.match(/^1000000\d+ SPB_DET_AGIPD1M-1\/DET\/0CH0:xtdf .*image\.data/gm)).toHaveLength(5);
    expect(seen).toContain('could not be read');

    expect(await start('record', port).ended).toMatch(/^6 messages, 0 dropped: as many trains as wanted/);
    simulator.child.kill();
    const read = await start('read', port).ended;
    expect(read.match(/^1000000\d+ 1 2\d{3}-/gm)).toHaveLength(2);

    const other = await findFreePort();
    const replay = start('replay', other);
    // Message 1 and the four after it: the recording has one less than the client could take of a looped one.
    const replayed = await start('client', other).ended;
    expect(await replay.ended).toBe('5 messages sent\n');
    expect(replayed.match(/image\.data/g)).toHaveLength(5);
  });

  it('server and client', { timeout: 60_000 }, async () => {
    const port = await findFreePort();
    const server = start('server', port);
    const seen = await start('client', port).ended;
    const source = 'LAB_EXP_CAM/CAM/1:output';
    expect(seen.split('\n').slice(0, 5)).toEqual(
      [1001, 1002, 1003, 1004, 1005].map((id) => `${id} ${source} exposure.value gain.value data.image.pixels`),
    );
    expect(seen).toContain('5 received, 0 dropped, 0 could not be read');
    expect(await server.ended).toContain('train 1005 went to 1');
  });

  it('frames', { timeout: 60_000 }, async () => {
    expect(await start('frames', 4545).ended).toBe('online 16 128 512 4 -> 4 16 512 128\n');
  });

  it('names only commands and options that are there', () => {
    const program = new Command();
    addBridgeCommands(program, {} as CliContext);
    const bridge = program.commands.find((each) => each.name() === 'bridge');
    const lines = [...TEXT.matchAll(/`hutch bridge ([^`]+)`/g)].map(([, words]) => words.split(' '));
    const wrong: string[] = [];
    for (const [name, ...words] of lines) {
      const command = bridge?.commands.find((each) => each.name() === name);
      if (!command) wrong.push(name);
      for (const word of words.filter((each) => each.startsWith('-')))
        if (!command?.options.some(({ short, long }) => word === short || word === long)) wrong.push(`${name} ${word}`);
    }
    expect(wrong).toEqual([]);
    const shown = new Set(lines.map(([name]) => name));
    expect(bridge?.commands.map((each) => each.name()).filter((name) => !shown.has(name))).toEqual([]);
  });
});
