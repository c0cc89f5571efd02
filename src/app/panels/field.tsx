import { useEffect, useId, useState } from 'react';
import { usePendingFields } from '../pending-fields.ts';
import { useStable } from '../stable-callback.ts';

interface FieldProps {
  readonly label: string;
  readonly unit?: string;
  readonly value: string;
  /** Null, or why the text cannot be taken. */
  readonly check: (text: string) => string | null;
  /** Called with text that was checked. @returns null, or why the server refused it */
  readonly onApply: (text: string) => Promise<string | null>;
  readonly isText?: boolean;
  /** Shown while it is empty. */
  readonly placeholder?: string;
  readonly isHidden?: boolean;
  /** Id of a list of suggestions. */
  readonly list?: string;
  /** What Enter does. */
  readonly effect?: string;
  /** Told of every change of the edited text; null when nothing is pending, or what is cannot be applied. */
  readonly onDraft?: (text: string | null) => void;
  readonly testId?: string;
}

const NEXT_TRAIN = 'acts on the next train';

/** An input that acts on Enter only: orange while edited, Esc restores, what is impossible cannot be confirmed. */
export function Field(props: FieldProps) {
  const {
    label,
    unit,
    value,
    check,
    onApply,
    isText,
    placeholder,
    isHidden,
    effect = NEXT_TRAIN,
    onDraft,
    testId,
  } = props;
  const id = useId();
  const [draft, setDraft] = useState<string | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const note = usePendingFields((pending) => pending.note);
  // A value that came from elsewhere makes the old refusal pointless
  useEffect(() => setRefusal(null), [value]);
  const isPending = draft !== null && draft !== value;
  const fault = (isPending ? check(draft) : null) ?? refusal;
  const apply = useStable(async () => {
    if (draft === null || (isPending && check(draft))) return;
    const reason = isPending ? await onApply(draft) : null;
    setRefusal(reason);
    if (!reason) setDraft(null);
  });
  const discard = useStable(() => {
    setDraft(null);
    setRefusal(null);
  });
  const hasFault = fault !== null;
  useEffect(() => {
    note(id, isPending ? { hasFault, apply, discard } : null);
  }, [id, isPending, hasFault, apply, discard, note]);
  useEffect(() => () => note(id, null), [id, note]);
  const told = isPending && !hasFault ? draft : null;
  const tell = useStable((text: string | null) => onDraft?.(text));
  useEffect(() => tell(told), [told, tell]);
  return (
    <div className={`fr ${isText ? 'long' : ''}`} hidden={isHidden}>
      <label htmlFor={id} className={isPending && !fault ? 'pend' : ''} title={label}>
        {label}
      </label>
      <span className={`in n ${isText ? 'text' : ''} ${fault ? 'iv' : isPending ? 'pd' : ''}`}>
        <input
          id={id}
          data-testid={testId}
          value={draft ?? value}
          placeholder={placeholder}
          list={props.list}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={hasFault}
          aria-describedby={hasFault || isPending ? `${id}-hint` : undefined}
          onChange={(event) => {
            setRefusal(null);
            setDraft(event.target.value);
          }}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (event.key === 'Enter') void apply();
            if (event.key === 'Escape') discard();
          }}
        />
        {unit && <u>{unit}</u>}
      </span>
      {fault ? (
        <span className="fhint iv" id={`${id}-hint`}>
          {fault} · Esc {value ? `restores ${value}` : 'empties'}
        </span>
      ) : (
        isPending && (
          <span className="fhint" id={`${id}-hint`}>
            was {value} · ↵ {effect}
          </span>
        )
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
