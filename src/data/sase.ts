import { SelectionInvalid } from '../core/errors.ts';

/** A beamline of the facility: SASE1 and SASE2 for hard, SASE3 for soft X-rays. */
export type Sase = 1 | 2 | 3;

/**
 * First parts of source names by beamline: tunnel, laser and instruments.
 * @source European XFEL beamlines: SASE1 SPB, FXE; SASE2 MID, HED; SASE3 SCS, SQS, SXP
 */
const TOPICS: ReadonlyMap<string, Sase> = new Map([
  ...['SA1', 'LA1', 'SPB', 'FXE'].map((topic) => [topic, 1] as const),
  ...['SA2', 'LA2', 'MID', 'HED'].map((topic) => [topic, 2] as const),
  ...['SA3', 'LA3', 'SCS', 'SQS', 'SXP'].map((topic) => [topic, 3] as const),
]);

/** The beamline that a source belongs to by its name (`SPB_XTD9_XGM/..` is 1); undefined for others. */
export function saseOfSource(source: string): Sase | undefined {
  return TOPICS.get(source.split('_', 1)[0]);
}

/**
 * The beamline that sources were recorded at. Runs of SASE3 often have sources of SASE1, whose electrons reach it later, and
 * count as SASE3.
 * @throws SelectionInvalid if the names do not say, or say several
 */
export function identifySase(sources: Iterable<string>): Sase {
  const found = new Set<Sase>();
  for (const source of sources) {
    const sase = saseOfSource(source);
    if (sase) found.add(sase);
  }
  if (found.size === 2 && found.has(1) && found.has(3)) return 3;
  const [only] = found;
  if (found.size === 1) return only;
  throw new SelectionInvalid(
    `The beamline cannot be told from the names of the sources (${[...found].map((n) => `SASE${n}`).join(', ') || 'none known'}). Give sase: 1, 2 or 3.`,
    { found: [...found] },
  );
}
