import type { GeoAssemblerArguments } from './geo-assembler-arguments.ts';

/** A text in Python's notation. */
const quote = (text: string | null) => (text === null ? 'None' : JSON.stringify(text));

/**
 * A Jupyter notebook that assembles, integrates and refines with the commands of this program and shows the results. What it
 * leaves behind by name, for cells of the user: `image` (y, x), `q` and `intensity`, and `REFINED`, a .geom file.
 * @param asked paths should be absolute: nobody knows where the notebook will be run
 * @returns nbformat 4.5 as JSON
 */
export function geoAssemblerNotebook(asked: GeoAssemblerArguments): string {
  const { run, geometry, distance, photonEnergyKeV, levels } = asked;
  const [low, high] = levels ?? ['None', 'None'];
  // A geometry file knows its own distance and energy, which nothing may override unasked.
  const [usualDistance, usualEnergy] = geometry === null ? [0.2, 9.3] : ['None', 'None'];
  const cells = [
    markdown(
      `# Geometry of a detector\n\nThe cells call the program \`hutch\` and read the arrays that it writes. Move quadrants by eye on its Geometry page (\`hutch geo-assembler\`), save the .geom there, and run the cells again.`,
    ),
    code(`import subprocess, tempfile
from pathlib import Path
import numpy as np
import matplotlib.pyplot as plt

RUN = ${quote(run)}  # folder of a run, or "pNNNNNN/rNNNN"
GEOMETRY = ${quote(geometry)}  # .geom, .h5, .nxs; None: the example positions, which are no beamtime's truth
DATA_ROOT = ${quote(asked.dataRoot)}  # where proposals are; None: $EXTRA_DATA_DATA_ROOT
DETECTOR = ${quote(asked.detector)}  # which detector, where the run has several
DISTANCE = ${distance ?? usualDistance}  # sample to detector, m; None: that of GEOMETRY
PHOTON_ENERGY = ${photonEnergyKeV ?? usualEnergy}  # keV; None: that of GEOMETRY
LOW, HIGH = ${low}, ${high}  # colours; None: 1 and 99 %
TRAIN, PULSE = 0, 0
CALIBRANT = None  # powder in the beam, such as "LaB6", to refine the quadrants on its rings
FOLDER = Path(tempfile.mkdtemp(prefix="hutch-"))

def hutch(*words):
    """Runs the program, shows its remarks and returns what it prints; its complaint becomes the exception."""
    try:
        done = subprocess.run(["hutch", *map(str, words)], capture_output=True, text=True, encoding="utf-8")
    except FileNotFoundError:
        raise RuntimeError("There is no program hutch on the PATH of this notebook: start Jupyter where it is.") from None
    # A result that has a fault (a .geom that CrystFEL refuses, quadrants that did not settle) is printed all the same.
    if done.returncode != 0 and not done.stdout:
        raise RuntimeError(done.stderr.strip())
    if done.stderr.strip():
        print(done.stderr.strip())
    return done.stdout

def option(name, value):
    return [] if value is None else [name, value]

DATA = [*option("--data-root", DATA_ROOT), *option("--name", DETECTOR), *option("--geometry", GEOMETRY)]
BEAM = [*option("--distance", DISTANCE), *option("--energy", PHOTON_ENERGY)]
if RUN is None:
    raise RuntimeError("Say which run it is: RUN is None.")`),
    markdown('## One frame on the pixel grid\n\nAs seen along the beam: x grows to the left.'),
    code(`image_file = FOLDER / "image.npy"
print(hutch("geometry", "assemble", RUN, *DATA, "--train", TRAIN, "--pulse", PULSE, "-o", image_file))
image = np.load(image_file)
low = np.nanpercentile(image, 1) if LOW is None else LOW
high = np.nanpercentile(image, 99) if HIGH is None else HIGH
plt.figure(figsize=(9, 9))
plt.imshow(image, origin="lower", vmin=low, vmax=high, cmap="magma")
plt.gca().invert_xaxis()
plt.colorbar(shrink=0.7)
plt.show()`),
    markdown('## Quadrants'),
    code(`if GEOMETRY is not None:
    print(hutch("geometry", "show", GEOMETRY))`),
    markdown('## Azimuthal integration'),
    code(`pattern_file = FOLDER / "pattern.xy"
hutch("integrate", RUN, *DATA, *BEAM, "-o", pattern_file)
q, intensity = np.loadtxt(pattern_file, comments="#", usecols=(0, 1), unpack=True, ndmin=2)
plt.figure(figsize=(9, 4))
plt.plot(q, intensity)
plt.xlabel("q / Å⁻¹")
plt.ylabel("I")
plt.show()`),
    markdown('## Quadrants put onto the rings of a calibrant\n\nNeeds `CALIBRANT`, and a `GEOMETRY` to begin with.'),
    code(`REFINED = FOLDER / "refined.geom"
if CALIBRANT is not None and GEOMETRY is not None:
    print(hutch("geometry", "refine", RUN, *DATA, *BEAM, "--calibrant", CALIBRANT, "-o", REFINED))`),
  ];
  const notebook = {
    cells: cells.map((cell, index) => ({ id: `hutch-${index}`, ...cell })),
    metadata: {
      kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' },
      language_info: { name: 'python' },
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
  return `${JSON.stringify(notebook, null, 1)}\n`;
}

/** Lines as nbformat keeps them: each with its newline but the last. */
const lines = (text: string) => text.split('\n').map((line, i, all) => (i < all.length - 1 ? `${line}\n` : line));
const markdown = (text: string) => ({ cell_type: 'markdown', metadata: {}, source: lines(text) });
const code = (text: string) => ({
  cell_type: 'code',
  execution_count: null,
  metadata: {},
  outputs: [],
  source: lines(text),
});
