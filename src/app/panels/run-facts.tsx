import { IconAlertTriangle } from '@tabler/icons-react';
import { Link } from 'wouter';
import { numberText } from '../number-text.ts';
import { useRunView } from '../run-view.ts';

/** What the run is: its trains, its files' metadata, and what is wrong with it. */
export function RunFacts() {
  const { info } = useRunView();
  const rows: readonly (readonly [string, string])[] = [
    ['Proposal', info.proposal],
    ['Run', numberText(info.run)],
    ['Trains', numberText(info.trains)],
    ['First train', numberText(info.firstTrainId)],
    ['Last train', numberText(info.lastTrainId)],
    ['Sources', numberText(info.sources.length)],
    ...info.detectors.map(
      (each) =>
        [
          each.type,
          `${each.modules.length} modules · ${each.isRaw ? 'raw' : 'corrected'} · ≤ ${each.maxPulses} pulses`,
        ] as const,
    ),
    ...Object.entries(info.metadata).map(([label, value]) => [label, String(value)] as const),
  ];
  return (
    <section className="pn" aria-label="Run">
      <div className="scroll">
        {info.skippedFiles.map(({ file, reason }) => (
          <div className="note" key={file} data-testid="skipped-file">
            <IconAlertTriangle size={15} stroke={1.8} aria-hidden="true" />
            <span>
              <b>{file}</b> is left out: {reason}
            </span>
          </div>
        ))}
        <div className="facts" data-testid="run-facts">
          {rows.map(([label, value]) => (
            <div key={label}>
              <span>{label}</span>
              <span title={value}>{value}</span>
            </div>
          ))}
        </div>
      </div>
      <div className="pfoot">
        <span className="grow el mono" title={info.path}>
          {info.path}
        </span>
        <Link href={`/runs?proposal=${info.proposal}&run=${info.run}`} className="acc">
          all runs
        </Link>
      </div>
    </section>
  );
}
