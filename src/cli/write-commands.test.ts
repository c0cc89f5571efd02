import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { nodeHdf5Opener } from '../platform/node/hdf5-open.ts';
import { openRun } from '../platform/node/open-run.ts';

const BIN = fileURLToPath(new URL('../../bin/', import.meta.url));
let root: string;
let proposal: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'hutch-write-commands-'));
  proposal = join(root, 'SPB/202301/p900001');
  cpSync(join(GOLDEN, 'root/SPB/202301/p900001'), proposal, { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function call(name: string, ...args: string[]) {
  // From another folder: relative names in files must not be looked up in the working directory.
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(BIN, name), ...args], {
    encoding: 'utf8',
    cwd: tmpdir(),
  });
  return { status, stdout, stderr };
}

describe('virtual CXI', () => {
  it('is written under its old name to its old place, and the check finds its sources', async () => {
    const args = ['--min-modules', '5', '--fill-value', 'data', '-1', 'mask', '3'];
    const made = call('extra-data-make-virtual-cxi', join(proposal, 'proc/r0034'), ...args);
    const path = join(proposal, 'scratch/r0034_proc_detectors_virt.cxi');
    expect(made).toMatchObject({ status: 0, stdout: `${path}\n` });
    const file = await nodeHdf5Opener.open(path);
    expect(file.datasetInfo('/entry_1/instrument_1/detector_1/data').fill).toBe(-1);
    file.close();
    const checked = call('hdf5-vds-check', path);
    expect(checked.status).toBe(0);
    expect(checked.stdout).toContain('6/6 sources accessible');
  });

  it('the check names what is missing and exits with 1', () => {
    const path = join(proposal, 'scratch/r0034_proc_detectors_virt.cxi');
    const module = join(proposal, 'proc/r0034/CORR-R0034-AGIPD07-S00000.h5');
    renameSync(module, join(proposal, 'elsewhere.h5'));
    const checked = call('hutch', 'vds-check', path, '--json');
    renameSync(join(proposal, 'elsewhere.h5'), module);
    expect(checked.status).toBe(1);
    const findings = JSON.parse(checked.stdout);
    expect(findings).toHaveLength(4);
    expect(findings[0]).toMatchObject({ path: '/entry_1/cellId', sources: 6, accessible: 5 });
    expect(findings[0].problems[0].file).toBe('../proc/r0034/CORR-R0034-AGIPD07-S00000.h5');
  });

  it('wrong fill values and runs outside a proposal are refused', () => {
    expect(call('hutch', 'virtual-cxi', join(proposal, 'proc/r0034'), '--fill-value', 'colour', '1').status).toBe(2);
    const outside = call('hutch', 'virtual-cxi', join(GOLDEN, 'runs/dssc'), '--min-modules', '1');
    expect(outside).toMatchObject({ status: 2 });
    expect(outside.stderr).toContain('-o FILE.cxi');
  });
});

describe('write, overview, copy-structure', () => {
  it('write: chosen sources, keys and trains', async () => {
    const path = join(proposal, 'small.h5');
    const select = ['--select', '*XGM*', '*MOTOR/X1[actualPosition]'];
    const made = call('hutch', 'write', join(proposal, 'raw/r0034'), ...select, '--trains', '0:3', '-o', path);
    expect(made).toMatchObject({ status: 0, stdout: `${path}\n` });
    await using run = await openRun({ path });
    expect(run.trainIds).toHaveLength(3);
    expect(run.sources).toContain('SPB_IRU_MOT/MOTOR/X1');
    expect(run.source('SPB_IRU_MOT/MOTOR/X1').keys()).toEqual(['actualPosition.value']);
  });

  it('write: never over an input', () => {
    const input = join(proposal, 'raw/r0034/RAW-R0034-DA02-S00000.h5');
    const before = readFileSync(input);
    expect(call('hutch', 'write', join(proposal, 'raw/r0034'), '-o', input).status).toBe(2);
    expect(readFileSync(input).equals(before)).toBe(true);
  });

  it('write: Ctrl-C leaves nothing half-written', async () => {
    const folder = join(proposal, 'interrupted');
    const args = [
      join(BIN, 'hutch'),
      'write',
      join(proposal, 'raw/r0034'),
      '--compress',
      '9',
      '-o',
      join(folder, 'x.h5'),
    ];
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    while (!existsSync(folder)) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGINT');
    const code = await ended;
    // It may just have been done.
    expect(readdirSync(folder)).toEqual(code === 0 ? ['x.h5'] : []);
    expect([0, 130]).toContain(code);
  });

  it('overview: made, used and checked', async () => {
    const run = join(proposal, 'raw/r0034');
    expect(call('hutch', 'overview', run).status).toBe(0);
    await using opened = await openRun({ path: run });
    expect(opened.files).toEqual([join(run, 'overview.h5')]);
    expect(call('hutch', 'overview', run, '--check')).toMatchObject({ status: 0 });
    const named = ['900001/34', '--data-root', root, '--check'];
    expect(call('hutch', 'overview', ...named)).toMatchObject({ status: 0, stdout: expect.stringContaining(run) });
    cpSync(join(run, 'RAW-R0034-DA02-S00000.h5'), join(run, 'RAW-R0034-DA03-S00000.h5'));
    const stale = call('hutch', 'overview', run, '--check');
    rmSync(join(run, 'RAW-R0034-DA03-S00000.h5'));
    expect(stale.status).toBe(1);
    expect(stale.stdout).toContain('new: RAW-R0034-DA03-S00000.h5');
  });

  it('copy-structure: same shapes and keys, no instrument values', async () => {
    const name = 'RAW-R0034-AGIPD00-S00000.h5';
    const made = call('hutch', 'copy-structure', join(proposal, 'raw/r0034', name), join(proposal, 'structure'));
    expect(made.status).toBe(0);
    const copy = join(proposal, 'structure', name);
    expect(statSync(copy).size).toBeLessThan(40_000);
    await using run = await openRun({ path: join(proposal, 'raw/r0034', name) });
    await using small = await openRun({ path: copy });
    expect(small.trainIds).toEqual(run.trainIds);
    for (const source of run.sources) {
      for (const key of run.source(source).keys()) {
        expect(small.key(source, key).shape).toEqual(run.key(source, key).shape);
        expect(small.key(source, key).dtype).toBe(run.key(source, key).dtype);
      }
    }
    const values = await small.key(run.sources[0], 'image.data').read();
    expect((values.data as Uint16Array).every((value) => value === 0)).toBe(true);
  });
});
