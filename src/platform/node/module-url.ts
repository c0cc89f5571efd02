/**
 * URL of a module beside `base`, named without its extension, for workers and child processes: `.ts` when running from
 * source, `.js` when running from the build (the compiler rewrites import statements, but no other text).
 * @param base `import.meta.url` of the caller
 */
export function moduleUrl(pathWithoutExtension: string, base: string): URL {
  return new URL(`${pathWithoutExtension}${base.endsWith('.ts') ? '.ts' : '.js'}`, base);
}
