import { useEffect, useState } from 'react';

interface CellFieldProps {
  readonly label: string;
  /** A number. */
  readonly value: string;
  /** Whether it differs from the start. */
  readonly isChanged: boolean;
  readonly onApply: (text: string) => void;
}

/** A number in a table: orange while edited, Enter applies, Esc or leaving it restores. */
export function CellField({ label, value, isChanged, onApply }: CellFieldProps) {
  const [draft, setDraft] = useState<string | null>(null);
  useEffect(() => setDraft(null), [value]);
  const isPending = draft !== null && draft !== value;
  const isWrong = isPending && (draft.trim() === '' || !Number.isFinite(Number(draft)));
  return (
    <td className={`n cell ${isWrong ? 'iv' : isPending ? 'pd' : isChanged ? 'changed' : ''}`}>
      <input
        aria-label={label}
        aria-invalid={isWrong}
        value={draft ?? value}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setDraft(event.target.value)}
        onBlur={() => setDraft(null)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') setDraft(null);
          if (event.key === 'Enter' && isPending && !isWrong) {
            onApply(draft);
            setDraft(null);
          }
          if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
        }}
      />
    </td>
  );
}
