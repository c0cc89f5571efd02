import { create } from 'zustand';

type Theme = 'dark' | 'light';
const KEY = 'hutch-theme';

interface ThemeStore {
  readonly theme: Theme;
  toggle(): void;
}

function show(theme: Theme): Theme {
  document.documentElement.dataset['theme'] = theme;
  return theme;
}

/** Dark or light, remembered by the browser. Plots read the colours again when it changes. */
export const useTheme = create<ThemeStore>((set, get) => ({
  theme: show(localStorage.getItem(KEY) === 'light' ? 'light' : 'dark'),
  toggle() {
    const theme = show(get().theme === 'dark' ? 'light' : 'dark');
    localStorage.setItem(KEY, theme);
    set({ theme });
  },
}));
