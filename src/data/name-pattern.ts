/**
 * A shell pattern (`*`, `?`, `[abc]`, `[!abc]`) as a case-sensitive expression for whole names.
 * @source Python fnmatch
 */
export function toNamePattern(glob: string): RegExp {
  let source = '';
  for (let i = 0; i < glob.length; i++) {
    const character = glob[i];
    const end = character === '[' ? glob.indexOf(']', i + 2) : -1;
    if (character === '*') source += '.*';
    else if (character === '?') source += '.';
    else if (end > 0) {
      const set = glob
        .slice(i + 1, end)
        .replaceAll('\\', '\\\\')
        .replaceAll('[', '\\[');
      source += `[${set.startsWith('!') ? `^${set.slice(1)}` : set.replace(/^\^/, '\\^')}]`;
      i = end;
    } else source += character.replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
  }
  return new RegExp(`^(?:${source})$`, 's');
}

/** Whether a text has pattern characters. */
export function isNamePattern(text: string): boolean {
  return /[*?[]/.test(text);
}
