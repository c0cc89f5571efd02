import type { DroppedRun } from './data-calls.ts';

/** A file and where it lay below what was dropped. */
interface PlacedFile {
  readonly path: string;
  readonly file: File;
}

/** Files of a drop, folders walked through. Call it at once: what was dropped is gone after the event. */
export async function filesOfDrop(transfer: DataTransfer): Promise<PlacedFile[]> {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  const taken = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found = await Promise.all(
    taken.map(({ entry, file }) => (entry ? filesOfEntry(entry, '') : file ? [{ path: file.name, file }] : [])),
  );
  return found.flat();
}

/** Files that were picked with a button, single ones or a folder. */
export function filesOfPick(files: FileList | null): PlacedFile[] {
  return [...(files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

async function filesOfEntry(entry: FileSystemEntry, folder: string): Promise<PlacedFile[]> {
  const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: PlacedFile[] = [];
  for (;;) {
    // A folder is told in portions
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return found;
    for (const each of part) found.push(...(await filesOfEntry(each, path)));
  }
}

/** Puts files together to runs: those of a folder are one, and single files are one. Other files than HDF5 are left out, unless there is nothing else. */
export function groupRuns(files: readonly PlacedFile[]): DroppedRun[] {
  const hdf5 = files.filter(({ path }) => /\.(h5|hdf5|cxi)$/i.test(path));
  const folders = new Map<string, PlacedFile[]>();
  for (const each of hdf5.length > 0 ? hdf5 : files) {
    const folder = each.path.includes('/') ? each.path.slice(0, each.path.lastIndexOf('/')) : '';
    folders.set(folder, [...(folders.get(folder) ?? []), each]);
  }
  return [...folders]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([folder, members]) => ({
      label: folder || (members.length === 1 ? members[0].path : `${members.length} files`),
      files: members,
    }));
}

/** Addresses of files as one run. @returns the reason if one of them is no address */
export function groupAddresses(text: string): DroppedRun | string {
  const addresses = text.split(/[\s,]+/).filter(Boolean);
  if (addresses.length === 0) return 'an address is needed';
  const wrong = addresses.find((each) => !/^https?:\/\//.test(each) || !URL.canParse(each));
  if (wrong) return `“${wrong}” is no http(s) address of a file`;
  const files = addresses.map((url) => ({
    path: decodeURIComponent(new URL(url).pathname.split('/').at(-1) || 'file.h5'),
    url,
  }));
  return {
    label: addresses.length === 1 ? files[0].path : `${addresses.length} files of ${new URL(addresses[0]).host}`,
    files,
  };
}
