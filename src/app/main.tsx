import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import './style/theme.css';
import './style/controls.css';
import { releaseFocusAfterClicks } from './keyboard.ts';
import { startLive } from './live-store.ts';
import { Shell } from './shell.tsx';
import { installTestProbe } from './test-probe.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
installTestProbe();
releaseFocusAfterClicks();
startLive();
const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 10_000, retry: 1, refetchOnWindowFocus: false } },
});
createRoot(root).render(
  <QueryClientProvider client={queries}>
    <Shell />
  </QueryClientProvider>,
);
