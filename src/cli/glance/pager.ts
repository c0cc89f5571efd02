import { spawnSync } from 'node:child_process';

/** Whether colours are wanted: $H5GLANCE_COLORS decides, then $NO_COLOR, then whether a terminal listens. */
export function usesColours(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  const own = env['H5GLANCE_COLORS'];
  if (own) return own !== '0';
  return isTerminal && !env['NO_COLOR'];
}

/** Shows text in $PAGER, or `less -r`. @returns false if that cannot be started */
export function showInPager(text: string, env: NodeJS.ProcessEnv): boolean {
  const [program, ...args] = (env['PAGER'] || 'less -r').split(/\s+/);
  const { error } = spawnSync(program, args, { input: text, stdio: ['pipe', 'inherit', 'inherit'] });
  return error === undefined;
}
