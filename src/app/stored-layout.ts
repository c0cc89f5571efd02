/** Which of a page's layouts: a narrow screen has another default, and remembers another one. */
export type LayoutSize = 'wide' | 'narrow';

const keyOf = (page: string, size: LayoutSize) => `hutch-layout-${page}-${size}`;

/**
 * The layout that a page had in this browser.
 * @returns null if there is none, or it cannot be one: unreadable, or of panels that this version does not have
 */
export function readLayout(page: string, size: LayoutSize, panels: readonly string[]): object | null {
  try {
    const layout: unknown = JSON.parse(localStorage.getItem(keyOf(page, size)) ?? 'null');
    if (typeof layout !== 'object' || layout === null || !('panels' in layout)) return null;
    const stored = Object.keys(layout.panels as object);
    return stored.length > 0 && stored.every((id) => panels.includes(id)) ? layout : null;
  } catch {
    return null; // another program's text, or storage that is switched off: the default is as good
  }
}

/** Keeps a layout. A browser without storage forgets it, quietly. */
export function writeLayout(page: string, size: LayoutSize, layout: object): void {
  try {
    localStorage.setItem(keyOf(page, size), JSON.stringify(layout));
  } catch {
    // storage is full or switched off
  }
}

/** Forgets a page's layout. */
export function forgetLayout(page: string, size: LayoutSize): void {
  try {
    localStorage.removeItem(keyOf(page, size));
  } catch {
    // storage is switched off: there is nothing to forget
  }
}
