import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import './style/theme.css';
import './style/controls.css';
import { releaseFocusAfterClicks } from './keyboard.ts';
import { startLive } from './live/live-store.ts';
import { ServerError } from './session.ts';
import { Shell } from './shell.tsx';
import { installTestProbe } from './test-probe.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
/** A server that is gone is asked again this often, ms. */
const RETURN_MS = 3000;
const isGone = (error: unknown) => error instanceof ServerError && error.status === 0;

installTestProbe();
releaseFocusAfterClicks();
startLive();
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What the server refuses it refuses again; only silence may end by itself.
      retry: (count, error) => isGone(error) && count < 1,
      refetchOnWindowFocus: false,
      refetchInterval: (query) => (isGone(query.state.error) ? RETURN_MS : false),
    },
  },
});
createRoot(root).render(
  <QueryClientProvider client={queries}>
    <Shell />
  </QueryClientProvider>,
);
