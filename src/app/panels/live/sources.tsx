import { IconChartLine, IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { LiveStatus } from '../../../api/live-contract.ts';
import { usePlottedKey } from '../../live/live-key-series.ts';
import { liveSession } from '../../live/live-session.ts';
import { useLive } from '../../live/live-store.ts';
import { bytesText, kindText } from '../../live/live-text.ts';
import { numberText } from '../../number-text.ts';
import { useWorkspace } from '../../workspace-store.ts';
import { SourceName } from '../source-name.tsx';

type Source = LiveStatus['sources'][number];

/** Keys of an open source are asked for again this often, ms. */
const KEYS_MS = 500;

const idOf = ({ endpoint, name }: Source) => `${endpoint} ${name}`;

/** Every source that the bridges send: its kind, keys, rate, last train and delay; a click opens its keys with their values. */
export function LiveSources() {
  const sources = useLive((live) => live.status?.sources);
  const bridges = useLive((live) => live.status?.endpoints.filter(({ isOn }) => isOn).length ?? 0);
  const newest = useLive((live) => live.status?.sources.reduce((id, each) => Math.max(id, each.lastTrainId), 0) ?? 0);
  const [wanted, setWanted] = useState('');
  const [openId, setOpenId] = useState<string | null>(null);
  const all = sources ?? [];
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const here = all.filter(({ name, endpoint, keys }) => {
    const hay = `${name} ${endpoint} ${keys.join(' ')}`.toLowerCase();
    return words.every((word) => hay.includes(word));
  });
  const bytes = all.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0);
  return (
    <section className="pn" aria-label="Sources">
      <div className="ptool">
        <span className="in text grow">
          <input
            aria-label="Find a source or key"
            placeholder="Find a source or key"
            data-testid="source-search"
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
            onKeyDown={(event) => {
              event.stopPropagation();
              if (event.key === 'Escape') setWanted('');
            }}
          />
        </span>
      </div>
      <div className="colhead">
        <span>source · keys</span>
        <span className="sp" />
        <span>Hz</span>
      </div>
      <div className="scroll">
        {here.length === 0 && (
          <div className="emptyline">
            {!sources
              ? 'Waiting for the server.'
              : all.length > 0
                ? 'No source has these words.'
                : 'No source has sent a train yet.'}
          </div>
        )}
        {here.map((source) => (
          <SourceRow
            key={idOf(source)}
            source={source}
            lag={newest - source.lastTrainId}
            hasSeveralBridges={bridges > 1}
            isOpen={openId === idOf(source)}
            onToggle={() => setOpenId(openId === idOf(source) ? null : idOf(source))}
          />
        ))}
      </div>
      <div className="pfoot">
        <span className="grow el" data-testid="source-count">
          {here.length === all.length
            ? `${numberText(all.length)} sources received`
            : `${numberText(here.length)} of ${numberText(all.length)} sources`}
        </span>
        <span className="prov">{bytesText(bytes)}/s</span>
      </div>
    </section>
  );
}

interface SourceRowProps {
  readonly source: Source;
  /** Trains behind the newest source. */
  readonly lag: number;
  readonly hasSeveralBridges: boolean;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

/** A source further behind than this is marked, trains. */
const LARGE_LAG = 5;

function SourceRow({ source, lag, hasSeveralBridges, isOpen, onToggle }: SourceRowProps) {
  const { name, endpoint, kind, hz, lastTrainId, latencyMs, bytesPerSecond, keys } = source;
  const isLate = hz === 0;
  const isBehind = lag > LARGE_LAG && lag < 10_000;
  const letter = kind === 'control' ? 'C' : 'P';
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <>
      <button
        type="button"
        className={`src ${isOpen ? 'open' : ''}`}
        data-testid="live-source"
        aria-expanded={isOpen}
        onClick={onToggle}
      >
        <span
          className={`lamp ${isLate || isBehind ? 'warn' : ''}`}
          role="img"
          aria-label={isLate ? 'late' : isBehind ? 'behind' : 'receiving'}
        />
        <span className={`pc ${letter}`} title={`${kind} source`}>
          {letter}
        </span>
        <span className="m" title={`${name}\n${endpoint}\n${keys.join('\n')}`}>
          <SourceName name={name} />
          <span className="s">
            {hasSeveralBridges ? `${endpoint.replace(/^tcp:\/\//, '')} · ${keys.join(' · ')}` : keys.join(' · ')}
          </span>
        </span>
        <span className="h">
          {isLate ? <span className="warn">late</span> : numberText(hz, 1)}
          {isBehind && !isLate && <span className="s warn">lag {numberText(lag)}</span>}
        </span>
        <Chevron size={12} aria-hidden="true" className="t3" />
      </button>
      {isOpen && (
        <div className="srckeys" data-testid="live-source-keys">
          <dl>
            <dt>bridge</dt>
            <dd className="mono">{endpoint}</dd>
            <dt>last train</dt>
            <dd>{numberText(lastTrainId || null)}</dd>
            <dt>delay</dt>
            <dd>{latencyMs === null ? 'no time stamp' : `${numberText(latencyMs)} ms`}</dd>
            <dt>data</dt>
            <dd>{bytesText(bytesPerSecond)}/s</dd>
          </dl>
          <SourceKeyList source={source} />
        </div>
      )}
    </>
  );
}

function SourceKeyList({ source }: { readonly source: Source }) {
  const { name, endpoint } = source;
  const plotted = usePlottedKey((state) => state.plotted);
  const reply = useQuery({
    queryKey: ['live-keys', name, endpoint],
    queryFn: ({ signal }) => liveSession.keys(name, endpoint, signal),
    refetchInterval: KEYS_MS,
    retry: false,
  });
  const keys = useMemo(() => reply.data?.[0]?.keys ?? [], [reply.data]);
  const plot = (key: string) => {
    usePlottedKey.getState().plot({ source: name, key });
    useWorkspace.getState().show('key');
  };
  if (reply.error) return <div className="emptyline">{reply.error.message}</div>;
  if (keys.length === 0)
    return <div className="emptyline">{reply.data ? 'It has no keys.' : 'Asking for its keys.'}</div>;
  return keys.map(({ key, type, shape, value }) => (
    <button
      type="button"
      key={key}
      className={`livekey ${plotted?.source === name && plotted.key === key ? 'on' : ''}`}
      title={`${key}\n${kindText(type, shape)}${value === null ? '' : `\n${value}`}\nA click plots it.`}
      data-testid="live-key"
      onClick={() => plot(key)}
    >
      <span className="name el">{key}</span>
      <IconChartLine size={13} stroke={1.7} aria-hidden="true" />
      <span className="s el">{kindText(type, shape)}</span>
      <span className="v el">{value ?? ''}</span>
    </button>
  ));
}
