import { useEffect, useRef, useState } from 'react';
import { numberText } from '../number-text.ts';

/** Frames are asked for this long after the slider stood still, ms: browsers also limit how often an address may change. */
const SETTLE_MS = 80;

interface SliderProps {
  readonly label: string;
  readonly name: string;
  readonly value: number;
  readonly count: number;
  /** What the position means. */
  readonly words: string;
  readonly onChange: (value: number) => void;
}

/** A slider over positions; it tells of a change when it stands still. */
export function Slider({ label, name, value, count, words, onChange }: SliderProps) {
  const [draft, setDraft] = useState<number | null>(null);
  const timer = useRef(0);
  // The address has caught up, or was changed by a key
  useEffect(() => setDraft(null), [value]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const change = (next: number) => {
    setDraft(next);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => onChange(next), SETTLE_MS);
  };
  return (
    <div className="slider">
      <label htmlFor={`slide-${name}`}>{label}</label>
      <input
        id={`slide-${name}`}
        data-testid={`slider-${name}`}
        type="range"
        min={0}
        max={Math.max(0, count - 1)}
        value={draft ?? value}
        disabled={count < 2}
        aria-valuetext={`${label} ${words}`}
        onChange={(event) => change(Number(event.target.value))}
      />
      <span className="r nw">{words}</span>
      <span className="t3 nw r">
        {numberText((draft ?? value) + 1)} of {numberText(count)}
      </span>
    </div>
  );
}
