import { useEffect, useState } from 'react';

interface CellFieldProps {
  readonly label: string;
  /** A number. */
  readonly value: string;
  /** Whether it differs from the start. */
  readonly isChanged: boolean;
  readonly low: number;
  readonly high: number;
  readonly onApply: (text: string) => void;
}

/** A number in a table: orange while edited, Enter applies, Esc or leaving it restores. */
export function CellField({ label, value, isChanged, low, high, onApply }: CellFieldProps) {
  const [draft, setDraft] = useState<string | null>(null);
  useEffect(() => setDraft(null), [value]);
  const isPending = draft !== null && draft !== value;
  // NaN is between no two numbers.
  const isBetween = draft !== null && draft.trim() !== '' && Number(draft) >= low && Number(draft) <= high;
  const isWrong = isPending && !isBetween;
  return (
    <td className={`n cell ${isWrong ? 'iv' : isPending ? 'pd' : isChanged ? 'changed' : ''}`}>
      <input
        aria-label={label}
        aria-invalid={isWrong}
        title={isWrong ? `a number, ${low} to ${high}` : undefined}
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
