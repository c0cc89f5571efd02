/** Hands a file to the browser's downloads. */
export function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** A float32 array as a `.npy` file. @source numpy .npy format 1.0 */
export function npyFile(data: Float32Array, shape: readonly number[]): Blob {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = new Uint8Array(10 + length).fill(0x20);
  header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 0xff, length >> 8]);
  header.set(new TextEncoder().encode(text), 10);
  header[header.length - 1] = 0x0a;
  return new Blob([header, data as Float32Array<ArrayBuffer>]);
}

/** Columns of equal length as text with commas; the first line names them with their units. */
export function csvFile(columns: readonly (readonly [string, ArrayLike<number>])[]): Blob {
  const lines = [columns.map(([name]) => (/[",]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join(',')];
  const count = columns[0]?.[1].length ?? 0;
  for (let i = 0; i < count; i++) lines.push(columns.map(([, values]) => String(values[i])).join(','));
  return new Blob([`${lines.join('\n')}\n`], { type: 'text/csv' });
}
