import { FormatInvalid } from '../core/errors.ts';

/** A data block of a CIF. */
export interface CifBlock {
  /** What follows `data_`. */
  readonly name: string;
  /** Name in lower case, with its underscore, to its values: one, or a column of a loop. `.` and `?` are kept as they are. */
  readonly items: ReadonlyMap<string, readonly string[]>;
}

/** A larger file is no crystal structure; characters. */
const MAX_LENGTH = 64 * 2 ** 20;

/**
 * Reads a Crystallographic Information File.
 * @returns its data blocks in order
 * @throws FormatInvalid with the line, if it is no CIF
 * @source Hall, Allen and Brown, Acta Cryst. A47 (1991) 655; the grammar of CIF 1.1. The npm package for it brings mathjs along.
 */
export function parseCif(text: string, path = 'CIF'): CifBlock[] {
  if (text.length > MAX_LENGTH)
    throw new FormatInvalid(`${path} has ${text.length} characters: too long for a crystal structure.`, { path });
  const tokens = tokenize(text, path);
  const blocks: { name: string; items: Map<string, string[]> }[] = [];
  let at = 0;
  const fail = (line: number, what: string) => new FormatInvalid(`${path}, line ${line}: ${what}`, { path, line });
  while (at < tokens.length) {
    const token = tokens[at];
    const word = token.isQuoted ? '' : token.text.toLowerCase();
    if (word.startsWith('data_')) {
      blocks.push({ name: token.text.slice(5), items: new Map() });
      at++;
      continue;
    }
    const block = blocks.at(-1);
    if (!block) throw fail(token.line, `expected data_NAME, got "${token.text.slice(0, 40)}"; this is no CIF.`);
    if (word === 'loop_') at = readLoop(tokens, at + 1, block.items, fail);
    else if (word.startsWith('save_')) at++;
    else if (word.startsWith('_')) {
      const value = tokens[at + 1];
      if (!value || isKeyword(value)) throw fail(token.line, `${token.text} has no value.`);
      block.items.set(word, [value.text]);
      at += 2;
    } else throw fail(token.line, `"${token.text.slice(0, 40)}" has no name before it.`);
  }
  if (blocks.length === 0) throw fail(1, 'there is no data block; this is no CIF.');
  return blocks;
}

/** A number without its uncertainty: `5.4311(2)` is 5.4311; NaN for `?`, `.` and text. */
export function cifNumber(text: string | undefined): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?:\(\d+\))?$/.exec(text ?? '');
  return match ? Number(match[1]) : Number.NaN;
}

interface Token {
  readonly text: string;
  readonly line: number;
  readonly isQuoted: boolean;
}

function isKeyword({ text, isQuoted }: Token): boolean {
  return !isQuoted && (/^(data_|save_|_)/i.test(text) || /^(loop_|stop_|global_)$/i.test(text));
}

function readLoop(
  tokens: readonly Token[],
  start: number,
  items: Map<string, string[]>,
  fail: (line: number, what: string) => FormatInvalid,
): number {
  let at = start;
  const columns: string[][] = [];
  while (at < tokens.length && !tokens[at].isQuoted && tokens[at].text.startsWith('_')) {
    const column: string[] = [];
    columns.push(column);
    items.set(tokens[at++].text.toLowerCase(), column);
  }
  const line = tokens[Math.min(at, tokens.length) - 1].line;
  if (columns.length === 0) throw fail(line, 'loop_ has no columns.');
  let count = 0;
  while (at < tokens.length && !isKeyword(tokens[at])) columns[count++ % columns.length].push(tokens[at++].text);
  if (count % columns.length !== 0)
    throw fail(line, `the loop has ${count} values, no multiple of its ${columns.length} columns.`);
  return at;
}

function tokenize(text: string, path: string): Token[] {
  const tokens: Token[] = [];
  const lines = text.split(/\r\n|\r|\n/);
  for (let n = 0; n < lines.length; n++) {
    const line = lines[n];
    if (line.startsWith(';')) {
      const start = n;
      const field = [line.slice(1)];
      for (n++; n < lines.length && !lines[n].startsWith(';'); n++) field.push(lines[n]);
      if (n === lines.length)
        throw new FormatInvalid(
          `${path}, line ${start + 1}: the text field is not closed by a line that starts with ";".`,
          {
            path,
            line: start + 1,
          },
        );
      tokens.push({ text: field.join('\n').trim(), line: start + 1, isQuoted: true });
      // What stands behind the closing semicolon goes on as usual.
      pushWords(lines[n].slice(1), n + 1, tokens);
    } else pushWords(line, n + 1, tokens);
  }
  return tokens;
}

/** A quote ends only before a blank: 'a dog's life' is one value. */
const WORD = /'((?:[^']|'(?=\S))*)'(?=\s|$)|"((?:[^"]|"(?=\S))*)"(?=\s|$)|#.*|[^\s]+/g;

function pushWords(line: string, number: number, tokens: Token[]): void {
  for (const match of line.matchAll(WORD)) {
    const quoted = match[1] ?? match[2];
    if (quoted !== undefined) tokens.push({ text: quoted, line: number, isQuoted: true });
    else if (!match[0].startsWith('#')) tokens.push({ text: match[0], line: number, isQuoted: false });
  }
}
