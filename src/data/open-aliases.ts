import { FileUnreadable } from '../core/errors.ts';
import { parseAliasText } from '../formats/alias-file.ts';
import { type AliasDefinitions, type AliasTable, NO_ALIASES, parseAliases } from './alias-table.ts';
import type { FileStore } from './file-store.ts';
import type { RunPorts } from './open-folder.ts';
import { instrumentOf } from './run-folders.ts';

/** A proposal's own aliases; `{}` stands for the proposal folder. */
const DEFAULT_FILE = '{}/usr/extra-data-aliases.yml';

/**
 * Aliases of a run: a file (`{}` in its path stands for the proposal folder), definitions, or null for none. Default: the
 * proposal's `usr/extra-data-aliases.yml`; where that is absent, a copy of the instrument's default aliases is put there.
 */
export type AliasChoice = string | AliasDefinitions | AliasTable | null;

/**
 * Reads an alias file (.yml, .yaml, .json, .toml).
 * @throws FileUnreadable, FormatInvalid, SelectionInvalid, AliasConflict
 */
export async function readAliasFile(files: FileStore, path: string): Promise<AliasTable> {
  const text = await files.readText(path);
  if (text === null) throw new FileUnreadable(`Alias file ${path} is not there or cannot be read.`, { path });
  return { ...parseAliases(await parseAliasText(text, path), path), files: [path] };
}

/** The aliases of a proposal's run. @throws as {@link readAliasFile}, for a file that was asked for or that is there */
export async function openAliases(
  ports: RunPorts,
  proposalFolder: string,
  choice: AliasChoice | undefined,
): Promise<AliasTable> {
  if (choice === null) return NO_ALIASES;
  if (typeof choice === 'object')
    return choice['targets'] instanceof Map ? (choice as AliasTable) : parseAliases(choice);
  const path = (choice ?? DEFAULT_FILE).replaceAll('{}', proposalFolder);
  const isDefault = path === DEFAULT_FILE.replace('{}', proposalFolder);
  if (!isDefault || (await ports.files.entry(path))) return readAliasFile(ports.files, path);
  if (!ports.softwareRoot) return NO_ALIASES;
  const source = ports.files.join(ports.softwareRoot, instrumentOf(proposalFolder), 'extra-data-aliases-default.yml');
  const text = await ports.files.readText(source);
  if (text === null) return NO_ALIASES;
  // Everyone of the proposal may add to it.
  const isCopied = await ports.files.writeText(path, text, 0o666);
  return readAliasFile(ports.files, isCopied ? path : source);
}
