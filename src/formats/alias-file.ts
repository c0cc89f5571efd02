import { FormatInvalid } from '../core/errors.ts';

// The libraries are loaded by the first file of their kind: most programs read none.
const parseYaml = async (text: string) => (await import('yaml')).parse(text) ?? {};

const PARSERS: Readonly<Record<string, (text: string) => Promise<unknown>>> = {
  yml: parseYaml,
  yaml: parseYaml,
  json: async (text) => JSON.parse(text),
  toml: async (text) => (await import('smol-toml')).parse(text),
};

/**
 * Reads the text of an alias file; an empty YAML file has no aliases.
 * @param path tells the format by its ending: .yml, .yaml, .json or .toml
 * @throws FormatInvalid with the parser's reason and line
 * @source EXtra-data alias files
 */
export async function parseAliasText(text: string, path: string): Promise<unknown> {
  const ending = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  if (!Object.hasOwn(PARSERS, ending))
    throw new FormatInvalid(`Alias file ${path} must end in .yml, .yaml, .json or .toml.`, { path });
  try {
    return await PARSERS[ending](text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatInvalid(
      `Alias file ${path} is no valid ${ending.toUpperCase()}: ${reason}`,
      { path },
      { cause: error },
    );
  }
}
