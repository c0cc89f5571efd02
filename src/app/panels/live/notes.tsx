import { IconX } from '@tabler/icons-react';
import { useState } from 'react';

/** What must be known of the picture, over its corner until it is read. @param notes sentences; other ones come up again */
export function LiveNotes({ notes }: { readonly notes: readonly string[] }) {
  const [read, setRead] = useState<readonly string[]>([]);
  const unread = notes.filter((note) => !read.includes(note));
  if (unread.length === 0) return null;
  return (
    <div className="livenotes" role="note" data-testid="live-notes">
      <div>
        {unread.map((note) => (
          <p key={note}>{note}</p>
        ))}
      </div>
      <button
        type="button"
        className="ib"
        aria-label="Hide these notes"
        title="Hide"
        onPointerDown={(event) => event.stopPropagation()}
        onClick={() => setRead([...read, ...unread])}
      >
        <IconX size={12} aria-hidden="true" />
      </button>
    </div>
  );
}
