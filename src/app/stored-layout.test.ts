import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forgetLayout, readLayout, writeLayout } from './stored-layout.ts';

describe('the layout that a browser remembers', () => {
  const stored = new Map<string, string>();
  beforeEach(() =>
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => stored.set(key, value),
      removeItem: (key: string) => stored.delete(key),
    }),
  );
  afterEach(() => {
    vi.unstubAllGlobals();
    stored.clear();
  });

  it('comes back for its page and size', () => {
    const layout = { panels: { image: {} }, grid: { root: 1 } };
    writeLayout('live', 'wide', layout);
    expect(readLayout('live', 'wide', ['image', 'curve'])).toEqual(layout);
    expect(readLayout('live', 'narrow', ['image'])).toBeNull();
    expect(readLayout('run', 'wide', ['image'])).toBeNull();
    forgetLayout('live', 'wide');
    expect(readLayout('live', 'wide', ['image'])).toBeNull();
  });

  it('is none where it is broken or of panels that are gone', () => {
    for (const text of ['{', '7', 'null', '{}', '{"panels":{}}', '{"panels":{"gone":{}}}', '{"panels":null}']) {
      stored.set('hutch-layout-live-wide', text);
      expect(readLayout('live', 'wide', ['image'])).toBeNull();
    }
  });

  it('is none where storage is switched off', () => {
    const refuse = () => {
      throw new Error('denied');
    };
    vi.stubGlobal('localStorage', { getItem: refuse, setItem: refuse, removeItem: refuse });
    expect(() => writeLayout('live', 'wide', {})).not.toThrow();
    expect(() => forgetLayout('live', 'wide')).not.toThrow();
    expect(readLayout('live', 'wide', ['image'])).toBeNull();
  });
});
