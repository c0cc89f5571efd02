import {
  type DockviewApi,
  DockviewReact,
  type DockviewReadyEvent,
  type IDockviewHeaderActionsProps,
  type IDockviewPanelHeaderProps,
  type IDockviewPanelProps,
  type SerializedDockview,
} from 'dockview-react';
import { type ComponentType, createContext, useContext, useEffect, useMemo, useState } from 'react';
import 'dockview-react/dist/styles/dockview.css';
import './style/dock.css';
import { IconMaximize, IconMinimize, IconX } from '@tabler/icons-react';
import { PanelFault } from './panel-fault.tsx';
import { useIsWide } from './screen-size.ts';
import { forgetLayout, type LayoutSize, readLayout, writeLayout } from './stored-layout.ts';
import { clearWorkspace, useWorkspace } from './workspace-store.ts';

/** A panel that a page can show. */
export interface PanelDefinition {
  readonly title: string;
  readonly Body: ComponentType;
  /** Buttons at the right end of the header while the panel is in front. */
  readonly Actions?: ComponentType;
}

/** Where a panel is put: beside another one, or at an edge of the whole page. The first one of a layout fills it. */
export interface PlacedPanel {
  readonly id: string;
  readonly beside?: string;
  readonly side?: 'left' | 'right' | 'above' | 'below' | 'within';
  readonly width?: number;
  readonly height?: number;
  /** A tab behind the others. */
  readonly isBehind?: boolean;
}

/** The panels of a page and where they are at first; made once, outside of any component. */
export interface WorkspaceDefinition {
  readonly page: string;
  readonly panels: Readonly<Record<string, PanelDefinition>>;
  readonly layouts: Readonly<Record<LayoutSize, readonly PlacedPanel[]>>;
}

const THEME = { name: 'hutch', className: 'dockview-theme-hutch', gap: 2 };
/** The main panel has at least this width at first, px. */
const MAIN_WIDTH = 320;
/** A dragged border changes the layout many times a second, ms. */
const SAVE_PAUSE_MS = 300;

const Definition = createContext<WorkspaceDefinition | null>(null);

/** The page's panels, which can be moved, resized, maximised, closed and brought back; the browser remembers how they were. */
export function Workspace({ definition }: { readonly definition: WorkspaceDefinition }) {
  const [api, setApi] = useState<DockviewApi | null>(null);
  const size = useIsWide() ? 'wide' : 'narrow';
  const components = useMemo(
    () =>
      Object.fromEntries(
        Object.entries(definition.panels).map(([id, { title, Body }]) => [
          id,
          (_props: IDockviewPanelProps) => (
            <PanelFault title={title}>
              <Body />
            </PanelFault>
          ),
        ]),
      ),
    [definition],
  );
  useEffect(() => (api ? runWorkspace(api, definition, size) : undefined), [api, definition, size]);
  return (
    <Definition.Provider value={definition}>
      <DockviewReact
        theme={THEME}
        components={components}
        defaultTabComponent={Tab}
        rightHeaderActionsComponent={HeaderActions}
        disableFloatingGroups
        onReady={({ api: ready }: DockviewReadyEvent) => setApi(ready)}
      />
    </Definition.Provider>
  );
}

/** Restores and watches a layout. @returns the call that ends it */
function runWorkspace(api: DockviewApi, definition: WorkspaceDefinition, size: LayoutSize): () => void {
  const { page, panels, layouts } = definition;
  const build = () => {
    api.clear();
    for (const placed of layouts[size]) addPanel(api, definition, placed);
    giveSizes(api, layouts[size]);
    api.getPanel(layouts[size][0].id)?.api.setActive();
  };
  const stored = readLayout(page, size, Object.keys(panels));
  try {
    if (stored) api.fromJSON(stored as SerializedDockview);
    else build();
    if (api.totalPanels === 0) build();
  } catch {
    // A layout of another version or a damaged one: the page must open all the same.
    build();
  }
  const publish = () =>
    useWorkspace.setState({
      panels: Object.entries(panels).map(([id, { title }]) => ({ id, title, isOpen: api.getPanel(id) !== undefined })),
      toggle(id) {
        const open = api.getPanel(id);
        if (open) open.api.close();
        else addPanel(api, definition, layouts[size].find((each) => each.id === id) ?? { id });
      },
      show(id) {
        if (!(id in panels)) return;
        if (!api.getPanel(id)) addPanel(api, definition, layouts[size].find((each) => each.id === id) ?? { id });
        api.getPanel(id)?.api.setActive();
      },
      reset() {
        forgetLayout(page, size);
        build();
      },
    });
  publish();
  let timer = 0;
  const changes = api.onDidLayoutChange(() => {
    publish();
    window.clearTimeout(timer);
    // A maximised panel is a look, not a layout.
    timer = window.setTimeout(() => {
      if (!api.hasMaximizedGroup()) writeLayout(page, size, api.toJSON());
    }, SAVE_PAUSE_MS);
  });
  return () => {
    window.clearTimeout(timer);
    changes.dispose();
    clearWorkspace();
  };
}

/**
 * Says the sizes again when all panels are there: each new one took its room from those before it. The first panel has what the
 * others leave; twice, because a panel can only take what its neighbour already has.
 */
function giveSizes(api: DockviewApi, layout: readonly PlacedPanel[]): void {
  const [main, ...others] = layout.filter((placed) => placed.side !== 'within');
  const columns = others.filter((placed) => placed.width !== undefined && placed.side !== 'below');
  const rest = api.width - columns.reduce((sum, { width = 0 }) => sum + width + THEME.gap, 0);
  for (let pass = 0; pass < 2; pass++) {
    api.getPanel(main.id)?.group.api.setSize({ width: Math.max(MAIN_WIDTH, rest) });
    for (const { id, width, height } of others)
      if (width || height) api.getPanel(id)?.group.api.setSize({ width, height });
  }
}

function addPanel(api: DockviewApi, { panels }: WorkspaceDefinition, placed: PlacedPanel): void {
  const { id, beside, side = 'right', width, height, isBehind } = placed;
  const reference = beside ? api.getPanel(beside) : undefined;
  api.addPanel({
    id,
    component: id,
    title: panels[id].title,
    initialWidth: width,
    initialHeight: height,
    inactive: isBehind,
    minimumWidth: 180,
    minimumHeight: 90,
    ...(reference
      ? { position: { referencePanel: reference, direction: side } }
      : api.totalPanels > 0
        ? { position: { direction: side === 'within' ? 'right' : side } }
        : {}),
  });
}

function Tab({ api }: IDockviewPanelHeaderProps) {
  return (
    <div className="dock-tab" data-testid={`tab-${api.id}`}>
      {api.title}
    </div>
  );
}

function HeaderActions({ activePanel, containerApi }: IDockviewHeaderActionsProps) {
  const definition = useContext(Definition);
  const [isMaximised, setMaximised] = useState(false);
  useEffect(() => {
    const update = () => setMaximised(activePanel?.api.isMaximized() ?? false);
    update();
    const watch = containerApi.onDidMaximizedGroupChange(update);
    return () => watch.dispose();
  }, [activePanel, containerApi]);
  if (!activePanel) return null;
  const Actions = definition?.panels[activePanel.id]?.Actions;
  const title = activePanel.title ?? activePanel.id;
  const Icon = isMaximised ? IconMinimize : IconMaximize;
  return (
    <div className="dock-actions">
      {Actions && (
        <PanelFault key={activePanel.id} title={activePanel.id} isSilent>
          <Actions />
        </PanelFault>
      )}
      <button
        type="button"
        className="ib"
        aria-label={isMaximised ? `Restore ${title}` : `Maximise ${title}`}
        title={isMaximised ? 'Restore' : 'Maximise'}
        data-testid={`maximise-${activePanel.id}`}
        onClick={() => (activePanel.api.isMaximized() ? containerApi.exitMaximizedGroup() : activePanel.api.maximize())}
      >
        <Icon size={15} stroke={1.7} aria-hidden="true" />
      </button>
      <button
        type="button"
        className="ib"
        aria-label={`Close ${title}`}
        title="Close; Panels in the bar below brings it back"
        data-testid={`close-${activePanel.id}`}
        onClick={() => activePanel.api.close()}
      >
        <IconX size={15} stroke={1.7} aria-hidden="true" />
      </button>
    </div>
  );
}
