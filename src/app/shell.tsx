import { IconActivity, IconMoon, IconSun, IconTable } from '@tabler/icons-react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { LivePage } from './pages/live.tsx';
import { RunPage } from './pages/run.tsx';
import { RunsPage } from './pages/runs.tsx';
import { StatusStrip } from './panels/status-strip.tsx';
import { useTheme } from './theme-choice.ts';

const ROOMS = [
  { path: '/runs', label: 'Runs', Icon: IconTable },
  { path: '/live', label: 'Live', Icon: IconActivity },
] as const;

const HINTS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  '/live': [
    ['Space', 'pause'],
    ['L', 'auto-level'],
    ['K', 'lock levels'],
    ['G', 'log'],
    ['1', 'ROI on/off'],
    ['←→↑↓', 'move ROI'],
    ['Alt ←→', 'resize ROI'],
    ['F', 'fit view'],
  ],
  '/run': [
    ['L', 'auto-level'],
    ['K', 'lock levels'],
    ['G', 'log'],
    ['F', 'fit view'],
    ['←→', 'step a focused slider'],
  ],
  '/runs': [
    ['Tab', 'next run'],
    ['↵', 'open run'],
  ],
};

/** Status strip, rail, hint bar, and the page of the address. */
export function Shell() {
  const [location] = useLocation();
  const { theme, toggle } = useTheme();
  const room = location.startsWith('/live') ? '/live' : location.startsWith('/run/') ? '/run' : '/runs';
  return (
    <>
      <StatusStrip />
      <nav id="rail" aria-label="Rooms">
        {ROOMS.map(({ path, label, Icon }) => (
          <Link
            key={path}
            href={path}
            className={room.startsWith(path) || (path === '/runs' && room === '/run') ? 'on' : ''}
            title={label}
          >
            <Icon size={20} stroke={1.5} aria-hidden="true" />
            <span>{label}</span>
          </Link>
        ))}
      </nav>
      <Switch>
        <Route path="/live" component={LivePage} />
        <Route path="/runs" component={RunsPage} />
        <Route path="/run/:proposal/:run">
          {({ proposal, run }) => <RunPage proposal={proposal} run={Number(run)} />}
        </Route>
        <Route>
          <Redirect to="/live" />
        </Route>
      </Switch>
      <footer id="hints">
        {(HINTS[room] ?? []).map(([key, what]) => (
          <span key={key}>
            <kbd>{key}</kbd> {what}
          </span>
        ))}
        <span className="sp" />
        <button
          type="button"
          className="ib"
          onClick={toggle}
          aria-label={theme === 'dark' ? 'Light theme' : 'Dark theme'}
        >
          {theme === 'dark' ? <IconSun size={14} /> : <IconMoon size={14} />}
        </button>
      </footer>
    </>
  );
}
