import { useEffect, useRef } from 'react';
import { EVERYWHERE, KEYS, type KeyHint } from '../../key-list.ts';

/** All keys of the room, over the page. Esc closes it. */
export function KeysOverlay({ room, onClose }: { readonly room: string; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const group = (title: string, keys: readonly KeyHint[]) => (
    <section key={title}>
      <h3>{title}</h3>
      <dl>
        {keys.map(({ key, what }) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
  return (
    <dialog ref={dialog} className="keys" aria-label="All keys" onClose={onClose} data-testid="keys-overlay">
      <header>
        <h2>All keys</h2>
        <button type="button" className="btn" onClick={() => dialog.current?.close()}>
          Close <kbd>Esc</kbd>
        </button>
      </header>
      <div className="keygroups">
        {(KEYS[room] ?? []).map(([title, keys]) => group(title, keys))}
        {group('Everywhere', EVERYWHERE)}
      </div>
    </dialog>
  );
}
