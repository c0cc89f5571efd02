import { useEffect, useState } from 'react';

interface FieldProps {
  readonly label: string;
  readonly unit?: string;
  readonly value: string;
  /** Null, or why the text cannot be taken. */
  readonly check: (text: string) => string | null;
  /** Called with text that was checked. @returns null, or why the server refused it */
  readonly onApply: (text: string) => Promise<string | null>;
  readonly isText?: boolean;
  readonly testId?: string;
}

/** An input that acts on Enter only: orange while edited, Esc restores, what is impossible cannot be confirmed. */
export function Field({ label, unit, value, check, onApply, isText, testId }: FieldProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  useEffect(() => setRefusal(null), [value]);
  const isPending = draft !== null && draft !== value;
  const fault = (isPending ? check(draft) : null) ?? refusal;
  const apply = async () => {
    if (draft === null || fault) return;
    const reason = isPending ? await onApply(draft) : null;
    setRefusal(reason);
    if (!reason) setDraft(null);
  };
  return (
    <div className="fr">
      <label htmlFor={testId ?? label}>{label}</label>
      <span className={`in n ${isText ? 'text' : ''} ${fault ? 'iv' : isPending ? 'pd' : ''}`}>
        <input
          id={testId ?? label}
          data-testid={testId}
          value={draft ?? value}
          spellCheck={false}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (event.key === 'Enter') void apply();
            if (event.key === 'Escape') {
              setDraft(null);
              setRefusal(null);
            }
          }}
        />
        {unit && <u>{unit}</u>}
      </span>
      {fault ? (
        <span className="fhint iv">{fault}</span>
      ) : (
        isPending && <span className="fhint">was {value} · Enter applies, Esc restores</span>
      )}
    </div>
  );
}

/** Check for a number between two limits. */
export function numberBetween(low: number, high: number, isWhole = false): (text: string) => string | null {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) return 'a number is needed';
    if (isWhole && !Number.isInteger(value)) return 'a whole number is needed';
    return value < low || value > high ? `between ${low} and ${high}` : null;
  };
}
