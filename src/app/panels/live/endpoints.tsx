import { IconX } from '@tabler/icons-react';
import type { LiveState, LiveStatus } from '../../../api/live-contract.ts';
import { useLive } from '../../live/live-store.ts';
import { bytesText, ENDPOINT_LAMPS } from '../../live/live-text.ts';
import { numberText } from '../../number-text.ts';
import { Field } from '../field.tsx';

type Source = LiveState['sources'][number];
type Counters = LiveStatus['endpoints'][number];

const FORM = /^(?:tcp:\/\/(?:[^/\s:*]+|\[[0-9a-fA-F:]+\]):(\d{1,5})|ipc:\/\/.+)$/;
const HIGHEST_PORT = 65_535;

/** What the server would refuse; it has the last word. @param others endpoints that are there already */
function checkEndpoint(text: string, others: readonly Source[]): string | null {
  const match = FORM.exec(text);
  if (!match) return 'tcp://host:port or ipc:///path';
  if (match[1] !== undefined && !(Number(match[1]) >= 1 && Number(match[1]) <= HIGHEST_PORT))
    return `a port is between 1 and ${HIGHEST_PORT}`;
  return others.some(({ endpoint }) => endpoint === text) ? 'it is there already' : null;
}

/** Every change starts from the newest document. */
function changeSources(how: (sources: readonly Source[]) => readonly Source[]): Promise<string | null> {
  const { state, apply } = useLive.getState();
  if (!state) return Promise.resolve('The server has not answered yet.');
  return apply({ ...state, sources: [...how(state.sources)] });
}

/** The bridges that are listened to: each with its lamp, rate and what is wrong; added, changed, switched off, taken away. */
export function LiveEndpoints({ isHidden }: { readonly isHidden: boolean }) {
  const sources = useLive((live) => live.state?.sources) ?? [];
  const counters = useLive((live) => live.status?.endpoints);
  const replay = useLive((live) => live.status?.replay ?? null);
  return (
    <div className="sec stack" hidden={isHidden} data-testid="endpoints">
      <div className="sech">
        Bridges <small>{numberText(sources.filter(({ isOn }) => isOn).length)} on</small>
      </div>
      {sources.map((source, index) => (
        <EndpointRow
          key={source.endpoint}
          source={source}
          index={index}
          others={sources.filter((each) => each !== source)}
          counters={counters?.find(({ endpoint }) => endpoint === source.endpoint)}
          replayName={replay?.endpoint === source.endpoint ? replay.name : null}
        />
      ))}
      <Field
        label="Add"
        value=""
        isText
        placeholder="tcp://host:port"
        testId="field-add-endpoint"
        check={(text) => checkEndpoint(text, sources)}
        onApply={(endpoint) => changeSources((all) => [...all, { endpoint, socket: 'REQ', isOn: true }])}
      />
    </div>
  );
}

interface EndpointRowProps {
  readonly source: Source;
  readonly index: number;
  readonly others: readonly Source[];
  readonly counters: Counters | undefined;
  /** The recording that this endpoint plays. */
  readonly replayName: string | null;
}

function EndpointRow({ source, index, others, counters, replayName }: EndpointRowProps) {
  const { endpoint, socket, isOn } = source;
  const number = index + 1;
  const suffix = index === 0 ? '' : `-${number}`;
  const state = counters?.state ?? (isOn ? 'connecting' : 'off');
  const change = (part: Partial<Source>) =>
    changeSources((all) => all.map((each) => (each.endpoint === endpoint ? { ...each, ...part } : each)));
  return (
    <div className="endpoint" data-testid={`endpoint${suffix}`}>
      {replayName === null ? (
        <Field
          label={`Bridge ${number}`}
          value={endpoint}
          isText
          testId={`field-endpoint${suffix}`}
          check={(text) => checkEndpoint(text, others)}
          onApply={(text) => change({ endpoint: text })}
        />
      ) : (
        <div className="replaying" title={endpoint}>
          Replay of <b>{replayName}</b>
        </div>
      )}
      <div className="liverow">
        <span className={`lamp ${ENDPOINT_LAMPS[state]}`} aria-hidden="true" />
        <span className="grow el" data-testid={`endpoint-state${suffix}`}>
          {state}
          {state === 'receiving' && counters && (
            <span className="t2">
              {' '}
              {numberText(counters.hz, 1)} Hz · {bytesText(counters.bytesPerSecond)}/s
            </span>
          )}
        </span>
        <select
          className="selct"
          aria-label={`Socket of bridge ${number}`}
          value={socket}
          disabled={replayName !== null}
          onChange={(event) => void change({ socket: event.target.value as Source['socket'] })}
        >
          <option>REQ</option>
          <option>SUB</option>
          <option>PULL</option>
        </select>
        <button
          type="button"
          className={`sw ${isOn ? 'on' : ''}`}
          role="switch"
          aria-checked={isOn}
          aria-label={`Listen to bridge ${number}`}
          data-testid={`endpoint-on${suffix}`}
          onClick={() => void change({ isOn: !isOn })}
        />
        <button
          type="button"
          className="ib"
          aria-label={`Remove bridge ${number}`}
          title="Remove"
          data-testid={`endpoint-remove${suffix}`}
          onClick={() => void changeSources((all) => all.filter((each) => each.endpoint !== endpoint))}
        >
          <IconX size={13} stroke={1.7} aria-hidden="true" />
        </button>
      </div>
      {isOn && counters && (
        <div className="facts">
          train {numberText(counters.lastTrainId || null)}
          {counters.latencyMs !== null && ` · delay ${numberText(counters.latencyMs)} ms`}
          {counters.missing > 0 && <span className="warn"> · {numberText(counters.missing)} missing</span>}
          {counters.invalid > 0 && <span className="warn"> · {numberText(counters.invalid)} unreadable</span>}
        </div>
      )}
      {counters?.text && (
        <div className="trouble" data-testid={`endpoint-text${suffix}`}>
          {counters.text}
        </div>
      )}
    </div>
  );
}
