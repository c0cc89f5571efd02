// Reads a detector in a process of its own and prints what the read held at most beyond its result, in MiB:
// node stack-peak-memory.ts RUN plain|masked|labelled
import { readFileSync } from 'node:fs';
import { byteSizeOf, type NdArray } from '../../src/core/ndarray.ts';
import { openDetector } from '../../src/data/detectors/open-detector.ts';
import { openRun } from '../../src/platform/node/open-run.ts';

const [path, mode] = process.argv.slice(2);

/** Most memory that the process ever held, MiB. */
function peak(): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
}

async function read(): Promise<NdArray> {
  if (mode === 'plain') return detector.key('image.data').read({ moduleGaps: true });
  if (mode === 'masked') return (await detector.maskedData()).read({ moduleGaps: true, astype: 'float64' });
  return detector.readLabelled({ moduleGaps: true });
}

await using run = await openRun({ path });
const detector = openDetector(run);
await detector.readFrame(detector.trainIds[0], 0);
const before = peak();
const array = await read();
process.stdout.write(
  `${Math.round(byteSizeOf(array) / 2 ** 20)} ${Math.round(peak() - before - byteSizeOf(array) / 2 ** 20)}\n`,
);
