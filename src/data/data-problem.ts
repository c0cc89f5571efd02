/** Something wrong with a file or a run, as validation reports it. */
export interface DataProblem {
  /** What is wrong, in the words of the original. */
  readonly msg: string;
  /** Where, and other facts: `dataset`, `file`, `error`, `first_shape`, .. */
  readonly facts: Readonly<Record<string, string | readonly number[]>>;
}

/** A problem as a flat record, for JSON: `{ msg, dataset, file, .. }`. */
export function problemRecord({ msg, facts }: DataProblem): Readonly<Record<string, string | readonly number[]>> {
  return { msg, ...facts };
}

/** Problems as text: an empty line, what is wrong, and the facts by name. @source EXtra-data validation.py */
export function problemsText(problems: readonly DataProblem[]): string {
  return problems
    .map(({ msg, facts }) => {
      const names = Object.keys(facts).sort();
      return `\n${[msg, ...names.map((name) => `  ${name}: ${factText(facts[name])}`)].join('\n')}`;
    })
    .join('\n');
}

/** Shapes as Python has them: `(12,)`, `(12, 1)`. */
function factText(fact: string | readonly number[]): string {
  if (typeof fact === 'string') return fact;
  return fact.length === 1 ? `(${fact[0]},)` : `(${fact.join(', ')})`;
}
