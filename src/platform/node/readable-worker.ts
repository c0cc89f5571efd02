// A process of its own, so that a file system that hangs cannot hang its parent. Before each step it says what it would mean
// if that hung; the last line that it wrote is what is known of the file.
import { readFileSync, statSync, writeSync } from 'node:fs';
import { readFileIndex } from '../../formats/euxfel-hdf5.ts';
import { openReaderFile } from './hdf5-open.ts';

const [path] = process.argv.slice(2);
const start = performance.now();
const say = (text: string) => writeSync(1, `${text}\n`);

function errorName(error: unknown): string {
  const cause = (error as { cause?: { code?: string } }).cause;
  return (error as { code?: string }).code ?? cause?.code ?? (error as Error).name;
}

/** dCache's word for where the file is. */
function readLocality(): string {
  const at = path.lastIndexOf('/') + 1;
  try {
    return readFileSync(`${path.slice(0, at)}.(get)(${path.slice(at)})(locality)`, 'utf8').trim();
  } catch (error) {
    if (errorName(error) === 'ENOENT') return 'NOT_ON_DCACHE';
    throw error;
  }
}

/** @returns exit code: 0 if the file can be read or is known to be away, 1 for an error */
function check(): number {
  say('any access hangs');
  let locality: string;
  try {
    locality = readLocality();
  } catch (error) {
    say(`locality check raises ${errorName(error)}`);
    return 1;
  }
  if (locality === 'UNAVAILABLE' || locality === 'NEARLINE') {
    say(`dCache reports ${locality === 'NEARLINE' ? 'tape only' : 'unavailable'}`);
    return 0;
  }
  const place = locality === 'NOT_ON_DCACHE' ? 'file on GPFS but' : 'dCache reports on disk but';
  say(`${place} stat hangs`);
  try {
    statSync(path);
  } catch (error) {
    say(`${place} stat raises ${errorName(error)}`);
    return 1;
  }
  say(`${place} read attempt hangs`);
  try {
    const file = openReaderFile(path);
    readFileIndex(file);
    file.close();
  } catch (error) {
    say(`${place} read attempt raises ${errorName(error)}`);
    return 1;
  }
  say(`readable ${((performance.now() - start) / 1000).toFixed(6)}`);
  return 0;
}

process.exit(check());
