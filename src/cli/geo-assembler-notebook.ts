import type { GeoAssemblerArguments } from './geo-assembler-arguments.ts';

/** A text in Python's notation. */
const quote = (text: string | null) => (text === null ? 'None' : JSON.stringify(text));

/**
 * A Jupyter notebook that assembles, integrates and refines with the commands of this program and shows the results.
 * @returns nbformat 4.5 as JSON
 */
export function geoAssemblerNotebook(asked: GeoAssemblerArguments): string {
  const { run, geometry, distance, photonEnergyKeV, levels } = asked;
  const [low, high] = levels ?? ['None', 'None'];
  const cells = [
    markdown(
      `# Geometry of a detector\n\nThe cells call the program \`hutch\` and read the arrays that it writes. Move quadrants by eye on its Geometry page (\`hutch geo-assembler\`), save the .geom there, and run the cells again.`,
    ),
    code(`import subprocess, tempfile
from pathlib import Path
import numpy as np
import matplotlib.pyplot as plt

RUN = ${quote(run)}          # folder of a run, or "pNNNNNN/rNNNN"
GEOMETRY = ${quote(geometry)}     # .geom, .h5; None: the example geometry
DATA_ROOT = ${quote(asked.dataRoot)}    # where proposals are; None: $EXTRA_DATA_DATA_ROOT
DISTANCE = ${distance ?? 0.2}       # sample to detector, m
PHOTON_ENERGY = ${photonEnergyKeV ?? 9.3}  # keV
LOW, HIGH = ${low}, ${high}  # colours; None: 1 and 99 %
TRAIN, PULSE = 0, 0
FOLDER = Path(tempfile.mkdtemp(prefix="hutch-"))

def hutch(*words):
    """Runs the program; its complaint becomes the exception."""
    words = [str(word) for word in words if word is not None]
    done = subprocess.run(["hutch", *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return done.stdout

def option(name, value):
    return [] if value is None else [name, value]`),
    markdown('## One frame on the pixel grid'),
    code(`image_file = FOLDER / "image.npy"
hutch("geometry", "assemble", RUN, *option("--geometry", GEOMETRY), *option("--data-root", DATA_ROOT),
      "--train", TRAIN, "--pulse", PULSE, "-o", image_file)
image = np.load(image_file)
low = np.nanpercentile(image, 1) if LOW is None else LOW
high = np.nanpercentile(image, 99) if HIGH is None else HIGH
plt.figure(figsize=(9, 9))
plt.imshow(image, origin="lower", vmin=low, vmax=high, cmap="magma")
plt.colorbar(shrink=0.7)
plt.show()`),
    markdown('## Quadrants'),
    code(`if GEOMETRY is not None:
    print(hutch("geometry", "show", GEOMETRY))`),
    markdown('## Azimuthal integration'),
    code(`pattern_file = FOLDER / "pattern.xy"
hutch("integrate", RUN, *option("--geometry", GEOMETRY), *option("--data-root", DATA_ROOT),
      "--distance", DISTANCE, "--energy", PHOTON_ENERGY, "-o", pattern_file)
q, intensity = np.loadtxt(pattern_file, comments="#", usecols=(0, 1), unpack=True)
plt.figure(figsize=(9, 4))
plt.plot(q, intensity)
plt.xlabel("q / Å⁻¹")
plt.ylabel("I")
plt.show()`),
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
