import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Writes a file beside its place and renames it when it is complete, so that nobody ever finds half of it.
 * @param parts written one after the other
 */
export async function writeAside(path: string, parts: readonly (Uint8Array | string)[]): Promise<void> {
  const target = resolve(path);
  await mkdir(dirname(target), { recursive: true });
  const aside = `${target}.${process.pid}.part`;
  try {
    const file = await open(aside, 'w');
    try {
      for (const part of parts) await file.appendFile(part);
    } finally {
      await file.close();
    }
    await rename(aside, target);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}
