import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { RunInfo, RunRow } from '../../../api/run-contract.ts';
import { numberText } from '../../number-text.ts';
import { durationText, startText } from '../../run-text.ts';
import { DROPPED, session } from '../../session.ts';
import { QueryState } from '../query-state.tsx';

interface RunDetailsProps {
  readonly proposal: string | null;
  readonly row: RunRow | undefined;
  readonly onOpen: () => void;
}

/** The chosen run beside the table: what it is, what is in it, what is wrong with it. */
export function RunDetails({ proposal, row, onOpen }: RunDetailsProps) {
  const run = row?.run;
  const queries = useQueryClient();
  const forget = async (number: number) => {
    await session.removeFiles(number);
    await Promise.all([
      queries.invalidateQueries({ queryKey: ['proposals'] }),
      queries.invalidateQueries({ queryKey: ['runs', DROPPED] }),
    ]);
  };
  const info = useQuery({
    queryKey: ['run', proposal, run, 'default'],
    queryFn: ({ signal }) =>
      session.call('info', { proposal: proposal ?? '', run: run ?? 0, data: 'default' }, {}, signal),
    // A run without a single train has nothing more to tell than its problems.
    enabled: proposal !== null && row !== undefined && row.trains > 0,
  });
  if (!row) {
    return (
      <section className="panel details" aria-label="Chosen run">
        <div className="phead">
          <span className="ttl">Run</span>
        </div>
        <div className="emptyline">No run is chosen.</div>
      </section>
    );
  }
  const facts: readonly (readonly [string, string])[] = [
    ['Sample', row.sample || '–'],
    ['Type', row.runType || '–'],
    ['Start', startText(row)],
    ['Length', `${durationText(row)} min`],
    ['Trains', numberText(row.trains)],
    ['First train', numberText(row.firstTrainId)],
    ['Last train', numberText(row.lastTrainId)],
    ['Files', `${numberText(row.files)} · ${numberText(row.sizeBytes / 1e6, row.sizeBytes < 1e6 ? 2 : 0)} MB`],
  ];
  return (
    <section className="panel details" aria-label="Chosen run">
      <div className="phead">
        <span className="ttl">Run {row.run}</span>
        <span className="sp" />
        <span className="ttl">
          <span className={`chip ${row.hasRaw ? 'ok' : ''}`}>
            <span className={`lamp ${row.hasRaw ? '' : 'off'}`} aria-hidden="true" /> {row.hasRaw ? 'raw' : 'no raw'}
          </span>
          <span className={`chip ${row.hasProc ? 'ok' : ''}`}>
            <span className={`lamp ${row.hasProc ? '' : 'off'}`} aria-hidden="true" />{' '}
            {row.hasProc ? 'proc' : 'no proc'}
          </span>
        </span>
      </div>
      <div className="scroll">
        {row.problems.map((problem) => (
          <div className="note" key={problem}>
            <IconAlertTriangle size={15} stroke={1.8} aria-hidden="true" />
            <span>{problem}</span>
          </div>
        ))}
        <div className="facts">
          {facts.map(([label, value]) => (
            <div key={label}>
              <span>{label}</span>
              <span>{value}</span>
            </div>
          ))}
        </div>
        <div className="sech pad">Content</div>
        {info.data && <Content info={info.data} />}
        {row.trains === 0 && <div className="emptyline">No file of this run can be read.</div>}
        <div className="detailstate">
          <QueryState isLoading={info.isLoading} error={info.error} what={`Run ${row.run}`} />
        </div>
      </div>
      <div className="pendfoot">
        {proposal === DROPPED && (
          <button
            type="button"
            className="btn"
            onClick={() => void forget(row.run)}
            title="The files stay where they are"
          >
            Take off the list
          </button>
        )}
        <span className="sp" />
        <button type="button" className="btn p" onClick={onOpen} data-testid="open-run">
          Open run {row.run} <kbd>↵</kbd>
        </button>
      </div>
    </section>
  );
}

/** Detectors, and how many sources of each group with the fewest trains that one of them has. */
function Content({ info }: { readonly info: RunInfo }) {
  const trainsOf = new Map([...info.sources, ...info.otherSources].map(({ name, trains }) => [name, trains]));
  return (
    <div className="facts">
      {info.detectors.map((each) => (
        <div key={each.name}>
          <span>{each.type}</span>
          <span>
            {each.modules.length} {each.modules.length === 1 ? 'module' : 'modules'} · {numberText(each.trains)} trains
            · ≤ {each.maxPulses} pulses
            <Missing info={info} names={modulesOf(info, each.name)} trainsOf={trainsOf} />
          </span>
        </div>
      ))}
      {info.groups
        .filter(({ detail }) => detail === '')
        .map(({ title, rows }) => {
          const names = rows.flatMap((row) => row.names);
          return (
            <div key={title}>
              <span>{title.replace(/ sources$/, '')}</span>
              <span>
                {numberText(names.length)} {names.length === 1 ? 'source' : 'sources'}
                <Missing info={info} names={names} trainsOf={trainsOf} />
              </span>
            </div>
          );
        })}
    </div>
  );
}

/** Sources of a detector's modules. */
const modulesOf = (info: RunInfo, detector: string) =>
  info.sources.map(({ name }) => name).filter((name) => name.startsWith(`${detector}/`));

interface MissingProps {
  readonly info: RunInfo;
  readonly names: readonly string[];
  readonly trainsOf: ReadonlyMap<string, number>;
}

/** The most trains that one of some sources lacks; devices that store nothing per train lack none. */
function Missing({ info, names, trainsOf }: MissingProps) {
  const isData = (name: string) => info.sources.some((source) => source.name === name && source.trains > 0);
  const missing = names
    .filter(isData)
    .reduce((most, name) => Math.max(most, info.trains - (trainsOf.get(name) ?? 0)), 0);
  return missing > 0 ? (
    <span className="warn">
      {' '}
      · up to {numberText(missing)} {missing === 1 ? 'train' : 'trains'} missing
    </span>
  ) : null;
}
