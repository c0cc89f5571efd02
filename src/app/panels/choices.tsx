interface ChoicesProps<T> {
  /** What is chosen, where the buttons do not say it. */
  readonly label?: string;
  readonly values: readonly T[];
  /** Null: none of them. */
  readonly value: T | null;
  readonly onChoose: (value: T) => void;
  /** What stands on a button; the value itself without it. */
  readonly wordOf?: (value: T) => string;
  readonly titleOf?: (value: T) => string | undefined;
  /** What it is called where the word is an abbreviation. */
  readonly labelOf?: (value: T) => string;
  readonly isDisabled?: (value: T) => boolean;
  /** Buttons are `testId-value`. */
  readonly testId?: string;
}

/** Buttons side by side, of which one is pressed. */
export function Choices<T extends string | boolean>({
  label,
  values,
  value,
  onChoose,
  wordOf = String,
  titleOf,
  labelOf,
  isDisabled,
  testId,
}: ChoicesProps<T>) {
  const Group = label === undefined ? 'span' : 'fieldset';
  return (
    <Group className="seg" aria-label={label}>
      {values.map((each) => (
        <button
          key={String(each)}
          type="button"
          className={value === each ? 'on' : ''}
          aria-pressed={value === each}
          aria-label={labelOf?.(each)}
          title={titleOf?.(each)}
          disabled={isDisabled?.(each)}
          data-testid={testId && `${testId}-${each}`}
          onClick={() => onChoose(each)}
        >
          {wordOf(each)}
        </button>
      ))}
    </Group>
  );
}
