import { valueText } from '../number-text.ts';

interface ReadoutProps {
  readonly pixel: { readonly x: number; readonly y: number } | null;
  /** Value of the pixel, NaN where it has none, null before the first picture. */
  readonly value: number | null;
  readonly unit: string;
  /** Label and text of what else is known of the pixel. */
  readonly facts: readonly (readonly [string, string])[];
}

const textOf = (value: number | null, unit: string) =>
  value === null || Number.isNaN(value) ? 'no value' : `${valueText(value)} ${unit}`;

/** What is below the pointer, in the foot of a picture; every part has its own place, so that nothing jumps. */
export function ImageReadout({ pixel, value, unit, facts, testId }: ReadoutProps & { readonly testId: string }) {
  return (
    <span className="grow readout" data-testid={testId}>
      {pixel ? (
        <>
          <span style={{ width: 44 }}>
            x <b>{pixel.x}</b>
          </span>
          <span style={{ width: 44 }}>
            y <b>{pixel.y}</b>
          </span>
          <b style={{ width: 76 }}>{textOf(value, unit)}</b>
          {facts.map(([label, text]) => (
            <span key={label} className="nw">
              {label} {text}
            </span>
          ))}
        </>
      ) : (
        <span className="t3">point at a pixel for its value</span>
      )}
    </span>
  );
}

interface TipProps extends ReadoutProps {
  readonly at: { readonly x: number; readonly y: number };
  readonly size: { readonly width: number; readonly height: number };
}

/** The same beside the pointer, never under it: the crosshair shows it. */
export function ImageTip({ at, size, value, unit, facts }: TipProps) {
  const isLeft = at.x > size.width - 200;
  const isUp = at.y > size.height - 110;
  return (
    <div
      className="tip"
      style={{
        pointerEvents: 'none',
        ...(isLeft ? { right: size.width - at.x + 14 } : { left: at.x + 14 }),
        ...(isUp ? { bottom: size.height - at.y + 14 } : { top: at.y + 14 }),
      }}
    >
      <div className="kv">
        <span>value</span>
        <span className="b">{textOf(value, unit)}</span>
        {facts.flatMap(([label, text]) => [
          <span key={label}>{label}</span>,
          <span key={`${label} text`}>{text}</span>,
        ])}
      </div>
    </div>
  );
}
