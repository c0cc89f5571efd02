import { parse as parseToml } from 'smol-toml';
import { parse as parseYaml } from 'yaml';
import { FormatInvalid } from '../core/errors.ts';

const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  yml: (text) => parseYaml(text) ?? {},
  yaml: (text) => parseYaml(text) ?? {},
  json: (text) => JSON.parse(text),
  toml: (text) => parseToml(text),
};

/**
 * Reads the text of an alias file; an empty YAML file has no aliases.
 * @param path tells the format by its ending: .yml, .yaml, .json or .toml
 * @throws FormatInvalid with the parser's reason and line
 * @source EXtra-data alias files
 */
export function parseAliasText(text: string, path: string): unknown {
  const ending = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  if (!Object.hasOwn(PARSERS, ending))
    throw new FormatInvalid(`Alias file ${path} must end in .yml, .yaml, .json or .toml.`, { path });
  try {
    return PARSERS[ending](text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatInvalid(
      `Alias file ${path} is no valid ${ending.toUpperCase()}: ${reason}`,
      { path },
      { cause: error },
    );
  }
}
