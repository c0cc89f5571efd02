import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEV_ANGSTROM } from '../src/core/physics.ts';
import { pixelPositions } from '../src/detector/geometry.ts';
import { snapGeometry } from '../src/detector/snapped-geometry.ts';
import { generateExample } from '../src/platform/node/example-files.ts';
import { loadGeometry } from '../src/platform/node/load-geometry.ts';
import { runHutch } from './server/hutch-process.ts';

const PYTHON = '/usr/bin/python3';
const can = (modules: string) => spawnSync(PYTHON, ['-c', `import ${modules}`]).status === 0;
const BIN = fileURLToPath(new URL('../bin', import.meta.url));
const MODULES = [0, 4, 15];
/** What each way of running the cells needs. */
const WAYS = [
  ['in a kernel', 'nbclient, nbformat, ipykernel, matplotlib, numpy'],
  ['as one script', 'numpy'],
] as const;

/** Runs the cells in the notebook's folder, as Jupyter does; the last line that it prints is JSON. */
const RUNNER = `
import json, os, sys
path, way = sys.argv[1:]
os.chdir(os.path.dirname(path))
facts = """
import json
print(json.dumps({"shape": image.shape, "dtype": str(image.dtype), "known": int(np.isfinite(image).sum()), "points": len(q),
    "finite": bool(np.isfinite(intensity).all()), "q": [float(q[0]), float(q[-1])], "refined": str(REFINED),
    "hasRefined": REFINED.exists()}))"""
with open(path, encoding="utf-8") as file:
    notebook = json.load(file)
if way == "as one script":
    try:
        import matplotlib
        matplotlib.use("Agg")
    except ImportError:
        from unittest.mock import MagicMock
        sys.modules["matplotlib"] = sys.modules["matplotlib.pyplot"] = MagicMock()
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    exec(compile("\\n".join([*cells, facts]), "notebook", "exec"), {"__name__": "__main__"})
else:
    import nbclient, nbformat
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    notebook.cells.append(nbformat.v4.new_code_cell(facts))
    nbclient.NotebookClient(notebook, timeout=200, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = sum("image/png" in output.get("data", {}) for output in outputs)
    assert pictures == 2, f"{pictures} pictures"
    print("".join(output.get("text", "") for output in outputs))
`;

let folder: string;
let proposal: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-notebook-'));
  proposal = await generateExample(join(folder, 'root'), { trains: 1, darkTrains: 2, pulses: 2, modules: MODULES });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a notebook; paths are relative to another folder than the one that it lies in. */
async function writeNotebook(name: string, ...words: string[]): Promise<string> {
  const out = join(folder, name);
  mkdirSync(out);
  const asked = ['geo-assembler', '-nb', '-nb_dir', out, '--data-root', join(folder, 'root'), ...words];
  const { code, stderr, stdout } = await runHutch(asked);
  expect([code, stderr]).toEqual([0, '']);
  return stdout.trim();
}

/** @param hutchFolder where the program is looked for */
function execute(notebook: string, way: string, hutchFolder = BIN) {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', RUNNER, notebook, way], {
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: [hutchFolder, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
      // What the cells leave behind goes with the folder.
      TMPDIR: folder,
      NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
      IPYTHONDIR: join(folder, 'ipython'),
      JUPYTER_RUNTIME_DIR: join(folder, 'jupyter'),
      MPLCONFIGDIR: join(folder, 'matplotlib'),
    },
  });
  return { status, stdout, stderr };
}

/** A .geom that lacks the photon energy, which CrystFEL refuses; it is shown all the same. */
function geometryFile(): string {
  const path = join(folder, 'no-energy.geom');
  const text = readFileSync(join(proposal, 'usr', 'geometry.geom'), 'utf8');
  expect(text).toContain('photon_energy');
  writeFileSync(path, text.replace(/^photon_energy.*$/m, ''));
  return path;
}

const q = (radius: number, distance: number, energy: number) =>
  ((4 * Math.PI * energy) / KEV_ANGSTROM) * Math.sin(Math.atan(radius / distance) / 2);

describe.each(WAYS)('the notebook of hutch geo-assembler, run %s (needs python3 with %s)', (way, modules) => {
  const isThere = can(modules);
  it('has all that it needs', ({ skip }) => {
    if (!isThere) skip(`not run, as python has not all of ${modules}`);
    expect(isThere).toBe(true);
  });

  it.skipIf(!isThere)(
    'assembles, integrates and refines',
    async () => {
      const file = geometryFile();
      const words = ['-r', 'p700000/r0004', '-g', file, '-e', '9300', '--det', 'XMPL_DET_AGIPD1M-1'];
      const notebook = await writeNotebook(`made ${way}`, ...words);
      const text = readFileSync(notebook, 'utf8');
      expect(text).toContain('CALIBRANT = None');
      writeFileSync(notebook, text.replace('CALIBRANT = None', 'CALIBRANT = \\"LaB6\\"'));
      const { status, stdout, stderr } = execute(notebook, way);
      expect(status, stderr).toBe(0);
      // Remarks and findings are shown.
      expect(stdout).toContain('raw frames corrected with dark runs r0001, r0002, r0003');
      expect(stdout).toMatch(/There is none of wavelength, photon_energy/);
      const facts = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');

      const geometry = await loadGeometry(file);
      const snapped = snapGeometry(geometry);
      const pixels = MODULES.length * 512 * 128;
      expect(facts).toMatchObject({ shape: snapped.shape, dtype: 'float32', finite: true, hasRefined: true });
      // Bad pixels are NaN.
      expect(facts.known).toBeLessThan(pixels);
      expect(facts.known).toBeGreaterThan(0.9 * pixels);

      // The distance is that of the geometry file, 0.16 m.
      const data = ['--geometry', file, '--energy', '9.3', '--data-root', join(folder, 'root'), '--format', 'json'];
      const { stdout: json } = await runHutch(['integrate', 'p700000/r0004', ...data]);
      const pattern = JSON.parse(json) as { intensity: (number | null)[] };
      expect(pattern.intensity).toHaveLength(1000);
      expect(facts.points).toBe(pattern.intensity.filter((value) => value !== null).length);
      const { data: positions } = pixelPositions(geometry);
      const radii = MODULES.flatMap((module) =>
        Array.from({ length: 512 * 128 }, (_, i) => {
          const at = 3 * (module * 512 * 128 + i);
          return Math.hypot(positions[at], positions[at + 1]);
        }),
      );
      const [least, most] = radii.reduce(([a, b], r) => [Math.min(a, r), Math.max(b, r)], [1, 0]);
      const bin = (q(most, 0.16, 9.3) - q(least, 0.16, 9.3)) / 500;
      expect(Math.abs(facts.q[0] - q(least, 0.16, 9.3))).toBeLessThan(bin);
      expect(Math.abs(facts.q[1] - q(most, 0.16, 9.3))).toBeLessThan(bin);

      const refined = await loadGeometry(facts.refined);
      expect(refined.detector.name).toBe('AGIPD1M');
      expect(refined.metadata.distance).toBe(0.16);
    },
    200_000,
  );

  it.skipIf(!isThere)(
    'says what is wrong: no program, no run',
    async () => {
      const nowhere = execute(await writeNotebook(`nowhere ${way}`, '-r', 'p700000/r0004'), way, folder);
      expect(nowhere.status).not.toBe(0);
      expect(nowhere.stderr).toContain('There is no program hutch on the PATH of this notebook');
      const noRun = execute(await writeNotebook(`no run ${way}`), way);
      expect(noRun.stderr).toContain('Say which run it is: RUN is None.');
      const gone = execute(await writeNotebook(`gone ${way}`, '-r', 'p700000/r0099'), way);
      expect(gone.stderr).toMatch(/r0099/);
    },
    200_000,
  );
});
