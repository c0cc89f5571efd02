import { create } from 'zustand';

/** A panel of the page on screen. */
export interface PanelEntry {
  readonly id: string;
  readonly title: string;
  readonly isOpen: boolean;
}

interface WorkspaceStore {
  /** Panels of the page's workspace in their own order; empty where a page has none. */
  readonly panels: readonly PanelEntry[];
  /** Opens or closes a panel. */
  readonly toggle: (id: string) => void;
  /** Opens a panel if it is closed, and brings it to the front. */
  readonly show: (id: string) => void;
  /** Puts the page's own layout back. */
  readonly reset: () => void;
}

const nothing = () => undefined;

/** What the menu of panels knows of the workspace on screen; the workspace writes it. */
export const useWorkspace = create<WorkspaceStore>(() => ({
  panels: [],
  toggle: nothing,
  show: nothing,
  reset: nothing,
}));

/** Says that no workspace is on screen. */
export function clearWorkspace(): void {
  useWorkspace.setState({ panels: [], toggle: nothing, show: nothing, reset: nothing });
}
