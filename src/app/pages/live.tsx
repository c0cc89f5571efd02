import { useEffect } from 'react';
import '../style/live.css';
import { useKeys } from '../keyboard.ts';
import { useLive } from '../live/live-store.ts';
import { LiveChain } from '../panels/live/chain.tsx';
import { CurveActions, LiveCurve } from '../panels/live/curve.tsx';
import { LiveImage } from '../panels/live/image.tsx';
import { KeyPlotActions, LiveKeyPlot } from '../panels/live/key-plot.tsx';
import { LiveParameters } from '../panels/live/parameters.tsx';
import { LiveRecordings } from '../panels/live/recordings.tsx';
import { LiveSources } from '../panels/live/sources.tsx';
import { LiveTrend, TrendActions } from '../panels/live/trend.tsx';
import { Workspace, type WorkspaceDefinition } from '../workspace.tsx';

const LIVE: WorkspaceDefinition = {
  page: 'live',
  panels: {
    detector: { title: 'Detector', Body: LiveImage },
    curve: { title: 'I(q)', Body: LiveCurve, Actions: CurveActions },
    trend: { title: 'ROI trend', Body: LiveTrend, Actions: TrendActions },
    key: { title: 'Key', Body: LiveKeyPlot, Actions: KeyPlotActions },
    parameters: { title: 'Parameters', Body: LiveParameters },
    sources: { title: 'Sources', Body: LiveSources },
    chain: { title: 'Processing chain', Body: LiveChain },
    recordings: { title: 'Recordings', Body: LiveRecordings },
  },
  layouts: {
    wide: [
      { id: 'detector' },
      { id: 'sources', beside: 'detector', side: 'left', width: 284 },
      { id: 'chain', beside: 'sources', side: 'below', height: 250 },
      { id: 'parameters', beside: 'detector', side: 'right', width: 284 },
      { id: 'curve', beside: 'detector', side: 'right', width: 392 },
      { id: 'trend', beside: 'curve', side: 'below' },
      { id: 'key', beside: 'trend', side: 'within', isBehind: true },
      { id: 'recordings', beside: 'chain', side: 'within', isBehind: true },
    ],
    // On a small screen the picture gets the room, and what is looked at now and then is behind the parameters.
    narrow: [
      { id: 'detector' },
      { id: 'parameters', beside: 'detector', side: 'right', width: 264 },
      { id: 'sources', beside: 'parameters', side: 'within', isBehind: true },
      { id: 'curve', beside: 'detector', side: 'right', width: 316 },
      { id: 'trend', beside: 'curve', side: 'below' },
      { id: 'key', beside: 'trend', side: 'within', isBehind: true },
      { id: 'chain', beside: 'trend', side: 'within', isBehind: true },
      { id: 'recordings', beside: 'parameters', side: 'within', isBehind: true },
    ],
  },
};

/** The live workspace: picture, curves, parameters with the bridges, sources, the processing chain and recordings. Space pauses. */
export function LivePage() {
  const togglePause = useLive((live) => live.togglePause);
  useEffect(() => {
    useLive.setState({ isWatching: true });
    return () => useLive.setState({ isWatching: false });
  }, []);
  useKeys((event) => {
    if (event.key !== ' ') return false;
    togglePause();
    return true;
  });
  return (
    <main className="dock">
      <Workspace definition={LIVE} />
    </main>
  );
}
