import { IconActivity, IconLayoutGrid, IconMoon, IconSun, IconTable } from '@tabler/icons-react';
import { useState } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { KEYS } from './key-list.ts';
import { useKeys } from './keyboard.ts';
import { GeometryPage } from './pages/geometry.tsx';
import { LivePage } from './pages/live.tsx';
import { RunPage } from './pages/run.tsx';
import { RunsPage } from './pages/runs.tsx';
import { KeysOverlay } from './panels/keys/keys-overlay.tsx';
import { PanelsMenu } from './panels/panels-menu.tsx';
import { StatusStrip } from './panels/status-strip.tsx';
import { useTheme } from './theme-choice.ts';

const ROOMS = [
  { path: '/runs', label: 'Runs', Icon: IconTable },
  { path: '/live', label: 'Live', Icon: IconActivity },
  { path: '/geometry', label: 'Geometry', Icon: IconLayoutGrid },
] as const;

/** Status strip, rail, hint bar, and the page of the address. `?` shows all keys. */
export function Shell() {
  const [location] = useLocation();
  const { theme, toggle } = useTheme();
  const [isAsking, setAsking] = useState(false);
  const room =
    ['/live', '/geometry'].find((path) => location.startsWith(path)) ??
    (location.startsWith('/run/') ? '/run' : '/runs');
  useKeys((event) => {
    if (event.key !== '?') return false;
    setAsking(true);
    return true;
  });
  const main = (KEYS[room] ?? []).flatMap(([, keys]) => keys.filter((key) => key.isMain));
  const other = theme === 'dark' ? 'Light theme' : 'Dark theme';
  const Theme = theme === 'dark' ? IconSun : IconMoon;
  return (
    <>
      <StatusStrip />
      <nav id="rail" aria-label="Rooms">
        {ROOMS.map(({ path, label, Icon }) => {
          const isHere = room === path || (path === '/runs' && room === '/run');
          return (
            <Link
              key={path}
              href={path}
              className={isHere ? 'on' : ''}
              title={label}
              aria-current={isHere ? 'page' : undefined}
            >
              <Icon size={20} stroke={1.5} aria-hidden="true" />
              <span>{label}</span>
            </Link>
          );
        })}
      </nav>
      <Switch>
        <Route path="/live" component={LivePage} />
        <Route path="/geometry" component={GeometryPage} />
        <Route path="/runs" component={RunsPage} />
        <Route path="/run/:proposal/:run">
          {({ proposal, run }) => <RunPage key={`${proposal} ${run}`} proposal={proposal} run={Number(run)} />}
        </Route>
        <Route>
          <Redirect to="/live" />
        </Route>
      </Switch>
      <footer id="hints">
        <div className="keyhints">
          {main.map(({ key, what }) => (
            <span key={key}>
              <kbd>{key}</kbd> {what}
            </span>
          ))}
        </div>
        <PanelsMenu />
        <button
          type="button"
          className="hintbtn"
          onClick={toggle}
          aria-label={other}
          title={other}
          data-testid="theme-toggle"
        >
          <Theme size={14} stroke={1.7} aria-hidden="true" />
        </button>
        <button type="button" className="hintbtn" onClick={() => setAsking(true)} data-testid="all-keys">
          <kbd>?</kbd> all keys
        </button>
      </footer>
      {isAsking && <KeysOverlay room={room} onClose={() => setAsking(false)} />}
    </>
  );
}
