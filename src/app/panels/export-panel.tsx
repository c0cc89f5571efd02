import { useState } from 'react';
import type { ExportFormat } from '../../api/run-calls.ts';
import { cancelExport, type ExportJob, startExport, useExportJobs } from '../export-jobs.ts';
import { choiceName, useKeyChoice } from '../key-choice.ts';
import { numberText } from '../number-text.ts';
import { chosenKey, useRunView } from '../run-view.ts';
import { Choices } from './choices.tsx';
import { shortKey } from './source-keys.tsx';

const FORMATS: Readonly<Record<ExportFormat, string>> = {
  npy: 'the values as they are stored',
  csv: 'a row for each entry or train',
  parquet: 'a typed table',
};

/** Writes the key on screen, or the ticked keys, into a file of this computer. */
export function ExportPanel() {
  const { run, search } = useRunView();
  const [format, setFormat] = useState<ExportFormat>('npy');
  const ticked = useKeyChoice((choice) => (choice.run === choiceName(run) ? choice.keys : null)) ?? [];
  const clear = useKeyChoice((choice) => choice.clear);
  const jobs = useExportJobs((state) => state.jobs);
  const shown = chosenKey(search);
  const keys = ticked.length > 0 ? ticked : shown ? [[shown.source, shown.key] as const] : [];
  const start = () => {
    const label = (list: typeof keys) =>
      list.length === 1 ? `${shortKey(list[0][1])}.${format}` : `${list.length} keys.${format}`;
    // An npy file holds one array
    const files = format === 'npy' ? keys.map((key) => [key]) : [keys];
    for (const file of files) void startExport(run, { format, keys: file }, label(file));
  };
  return (
    <section className="pn" aria-label="Export">
      <div className="ptool">
        <Choices
          values={Object.keys(FORMATS) as ExportFormat[]}
          value={format}
          titleOf={(each) => FORMATS[each]}
          testId="export"
          onChoose={setFormat}
        />
        <span className="sp" />
        <button type="button" className="btn p" disabled={keys.length === 0} onClick={start} data-testid="export-start">
          {ticked.length > 0 ? `Export ${numberText(ticked.length)} ${ticked.length === 1 ? 'key' : 'keys'}` : 'Export'}
        </button>
      </div>
      <div className="scroll">
        <div className="exportkeys">
          {keys.length === 0 && <span className="t3">Choose a key, or tick several in the list of sources.</span>}
          {keys.slice(0, 6).map(([source, key]) => (
            <div key={`${source} ${key}`} className="el" title={`${source} ${key}`}>
              <span className="t3">{source}</span> {shortKey(key)}
            </div>
          ))}
          {keys.length > 6 && <div className="t3">and {numberText(keys.length - 6)} more</div>}
          {ticked.length > 0 && (
            <button type="button" className="hintbtn acc" onClick={clear}>
              untick all
            </button>
          )}
        </div>
        {jobs.map((job) => (
          <JobRow key={job.id} job={job} />
        ))}
      </div>
    </section>
  );
}

const STATES = { running: '', saved: 'ok', failed: 'err', cancelled: '' } as const;

function JobRow({ job }: { readonly job: ExportJob }) {
  const { id, label, progress, text, state, startedAt } = job;
  const seconds = (Date.now() - startedAt) / 1000;
  const left = state === 'running' && progress > 0.02 && seconds > 1 ? (seconds / progress) * (1 - progress) : null;
  return (
    <div className="job" data-testid="export-job" data-state={state}>
      <span className="el" title={label}>
        {label}
      </span>
      <div className={`prog ${STATES[state]}`}>
        <i style={{ width: `${100 * (state === 'running' || state === 'saved' ? progress : 1)}%` }} />
      </div>
      {state === 'running' ? (
        <button type="button" className="hintbtn" onClick={() => cancelExport(id)}>
          Cancel
        </button>
      ) : (
        <span className={STATES[state] || 't3'}>{state}</span>
      )}
      <span className={`jobtext ${state === 'failed' ? 'err' : 't3'}`} role={state === 'failed' ? 'alert' : undefined}>
        {state === 'running' && progress > 0 ? `${numberText(100 * progress)} % · ` : ''}
        {text}
        {left === null ? '' : ` · ${numberText(Math.ceil(left))} s left`}
      </span>
    </div>
  );
}
