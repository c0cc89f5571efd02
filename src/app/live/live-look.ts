import { create } from 'zustand';

interface LiveLook {
  /** Whether I(q) has a logarithmic axis. */
  readonly isLogCurve: boolean;
  toggleLogCurve(): void;
}

/** How the live curves are looked at: shared by a panel and the buttons in its header. */
export const useLiveLook = create<LiveLook>((set, get) => ({
  // Scattering falls over decades: with a linear axis only its first points can be seen.
  isLogCurve: true,
  toggleLogCurve: () => set({ isLogCurve: !get().isLogCurve }),
}));
