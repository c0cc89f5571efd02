import type { RunInfo } from '../api/run-contract.ts';
import type { RunInfo as RunDescription } from '../data/run-info.ts';
import { joinSimilarNames } from '../data/similar-names.ts';

type Group = RunInfo['groups'][number];

/** 2 before 10. */
const natural = new Intl.Collator('en', { numeric: true });

/**
 * The headings of a run's source tree: detectors, instrument, control, legacy and auxiliary sources; similar names are one row.
 * @param isAlone names to leave by themselves, such as those with an alias
 * @source EXtra-data lsxfel
 */
export function groupSources(info: RunDescription, isAlone: (name: string) => boolean): Group[] {
  const modules = new Set(info.detectors.flatMap((detector) => [...detector.modules.values()]));
  const rows = (names: readonly string[]) =>
    joinSimilarNames([...names].sort(), isAlone).map(({ names: members, text }) => ({
      text,
      names: [...members].sort(natural.compare),
    }));
  const namesOf = (sources: readonly { readonly name: string }[]) =>
    sources.map(({ name }) => name).filter((name) => !modules.has(name));
  const groups: Group[] = [
    ...info.detectors.map(({ name, modules: found, dims, framesPerTrain }) => ({
      title: name,
      detail: `${found.size} modules · ${dims.join(' × ')} pixels · ≤ ${framesPerTrain} frames a train`,
      rows: rows([...found.values()]),
    })),
    { title: 'Instrument sources', detail: '', rows: rows(namesOf(info.instrument)) },
    { title: 'Control sources', detail: '', rows: rows(namesOf(info.control)) },
    { title: 'Legacy names', detail: '', rows: rows([...info.legacy.keys()]) },
    { title: 'Auxiliary: reduction', detail: '', rows: rows(namesOf(info.reduction)) },
    { title: 'Auxiliary: errata', detail: '', rows: rows(namesOf(info.errata)) },
  ];
  return groups.filter((group) => group.rows.length > 0);
}
