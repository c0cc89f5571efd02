import { Field } from '../field.tsx';

interface NumberProps {
  readonly label: string;
  readonly unit?: string;
  /** Null: `none` is shown. */
  readonly value: number | null;
  readonly low?: number;
  readonly high?: number;
  readonly isWhole?: boolean;
  /** What stands for null: an empty field, or this word. Without it a number is needed. */
  readonly none?: string;
  readonly effect?: string;
  readonly testId?: string;
  readonly onChange: (value: number | null) => void;
}

/** A number that acts on Enter. */
export function NumberField(props: NumberProps) {
  const { label, unit, value, low = -1e12, high = 1e12, isWhole = false, none, effect = 'calculates anew' } = props;
  const read = (text: string): number | null => (isNone(text, none) ? null : Number(text.replaceAll('\u2212', '-')));
  return (
    <Field
      label={label}
      unit={unit}
      value={value === null ? (none ?? '') : String(Number(value.toPrecision(9)))}
      effect={effect}
      testId={props.testId}
      check={(text) => {
        const next = read(text);
        if (next === null) return null;
        if (text.trim() === '' || !Number.isFinite(next)) return none ? `a number, or ${none}` : 'a number is needed';
        if (isWhole && !Number.isInteger(next)) return 'a whole number is needed';
        return next < low || next > high ? `between ${low} and ${high}` : null;
      }}
      onApply={async (text) => {
        props.onChange(read(text));
        return null;
      }}
    />
  );
}

function isNone(text: string, none: string | undefined): boolean {
  const word = text.trim().toLowerCase();
  return none !== undefined && (word === '' || word === none.toLowerCase());
}

interface RangeProps {
  readonly label: string;
  readonly unit: string;
  readonly value: readonly [number, number] | null;
  /** What stands for null. */
  readonly none: string;
  readonly testId?: string;
  /** @returns null, or why it cannot be */
  readonly check?: (low: number, high: number) => string | null;
  readonly onChange: (value: readonly [number, number] | null) => void;
}

/** Two numbers in one field, such as `0.5 to 3`. */
export function RangeField({ label, unit, value, none, testId, check, onChange }: RangeProps) {
  const read = (text: string): readonly number[] | null =>
    isNone(text, none)
      ? null
      : text
          .replaceAll('\u2212', '-')
          .trim()
          .split(/\s*(?:,|;|\bto\b|\.\.|\s)\s*/)
          .map((part) => (part === '' ? Number.NaN : Number(part)));
  return (
    <Field
      label={label}
      unit={unit}
      value={value ? `${value[0]} to ${value[1]}` : none}
      effect="calculates anew"
      testId={testId}
      check={(text) => {
        const numbers = read(text);
        if (numbers === null) return null;
        if (numbers.length !== 2 || !numbers.every(Number.isFinite)) return `two numbers, or ${none}`;
        if (numbers[0] >= numbers[1]) return 'the smaller one first';
        return check?.(numbers[0], numbers[1]) ?? null;
      }}
      onApply={async (text) => {
        onChange(read(text) as readonly [number, number] | null);
        return null;
      }}
    />
  );
}

/** A switch with its name. */
export function Tick({
  label,
  isOn,
  title,
  testId,
  onChange,
}: {
  readonly label: string;
  readonly isOn: boolean;
  readonly title?: string;
  readonly testId?: string;
  readonly onChange: (isOn: boolean) => void;
}) {
  return (
    <label className="analysis-tick" title={title}>
      <input type="checkbox" checked={isOn} data-testid={testId} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}

/** A button that asks for a file. */
export function FileButton({
  label,
  accept,
  testId,
  title,
  onFile,
}: {
  readonly label: string;
  readonly accept: string;
  readonly testId?: string;
  readonly title?: string;
  readonly onFile: (file: File) => void;
}) {
  return (
    <label className="btn analysis-file" title={title}>
      {label}
      <input
        type="file"
        accept={accept}
        data-testid={testId}
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          // The same file may be chosen again.
          event.target.value = '';
          if (file) onFile(file);
        }}
      />
    </label>
  );
}
