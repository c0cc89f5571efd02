import { type KeyboardEvent, memo, type PointerEvent, useId, useMemo, useRef, useState } from 'react';
import { type ColourMap, colourAt, colourTable } from '../../display/colormap.ts';
import { autoLevels, histogramOf, type Levels } from '../../display/levels.ts';
import { colourPlace, type Scale } from '../../display/scale.ts';
import { numberText, valueText } from '../number-text.ts';

interface ColourBarProps {
  readonly image: Float32Array | null;
  readonly levels: Levels;
  readonly scale: Scale;
  readonly map: ColourMap;
  readonly unit: string;
  readonly onLevels: (levels: Levels) => void;
}

const WIDTH = 112;
const HEIGHT = 1000;
const TOP = 34;
const BOTTOM = 976;
/** Colours between the levels: enough that a curved scale looks smooth. */
const STOPS = 64;
/** Labels nearer than this, of 1000, would touch. */
const LABEL_ROOM = 28;

/** Round values between two limits, at most `most`, and the digits that they need. */
function ticksBetween(low: number, high: number, most: number): { values: number[]; digits: number } {
  const raw = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  const values: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) values.push(i * step);
  return { values, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

/** Arrow keys move a handle by this part of the distance between the levels. */
const KEY_STEP = 0.02;

/** Colour bar and log histogram beside a picture; the levels are dragged by their handles, or moved with arrow keys. */
export const ColourBar = memo(function ColourBar({ image, levels, scale, map, unit, onLevels }: ColourBarProps) {
  const svg = useRef<SVGSVGElement>(null);
  const gradient = useId();
  const [dragged, setDragged] = useState<'low' | 'high' | null>(null);
  // The limits of the bar follow the data only when the levels leave them: a bar that moves by itself cannot be read.
  const limits = useRef<Levels>({ low: 0, high: 1 });
  const histogram = useMemo(() => {
    if (!image) return null;
    const natural = autoLevels(image);
    const span = levels.high - levels.low;
    const wanted = {
      low: Math.min(levels.low, natural.low) - 0.15 * span,
      high: Math.max(levels.high, natural.high) + 0.25 * span,
    };
    const { low, high } = limits.current;
    const isFar = levels.low < low || levels.high > high || high - low > 4 * (wanted.high - wanted.low);
    if (isFar || (low === 0 && high === 1)) limits.current = wanted;
    return histogramOf(image, limits.current.low, limits.current.high);
  }, [image, levels]);
  const { low, high } = limits.current;
  const yOf = (value: number) => BOTTOM - ((value - low) / (high - low)) * (BOTTOM - TOP);
  const largest = histogram ? Math.log1p(Math.max(1, ...histogram.counts)) : 1;
  const outline = histogram
    ? Array.from(
        histogram.counts,
        (count, i) =>
          `L${62 + (44 * Math.log1p(count)) / largest} ${BOTTOM - ((i + 0.5) / histogram.counts.length) * (BOTTOM - TOP)}`,
      ).join('')
    : '';

  const setLevel = (side: 'low' | 'high', value: number) => {
    const gap = (high - low) / 200;
    onLevels(
      side === 'low'
        ? { ...levels, low: Math.min(value, levels.high - gap) }
        : { ...levels, high: Math.max(value, levels.low + gap) },
    );
  };
  const onKey = (side: 'low' | 'high') => (event: KeyboardEvent) => {
    const sign = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
    if (sign === undefined) return;
    event.preventDefault();
    setLevel(side, levels[side] + sign * (event.shiftKey ? 5 : 1) * KEY_STEP * (levels.high - levels.low));
  };
  const onMove = (event: PointerEvent) => {
    const rectangle = svg.current?.getBoundingClientRect();
    if (!dragged || !rectangle) return;
    const y = ((event.clientY - rectangle.top) / rectangle.height) * HEIGHT;
    setLevel(dragged, low + ((BOTTOM - y) / (BOTTOM - TOP)) * (high - low));
  };
  const handle = (side: 'low' | 'high') => (
    <g
      className="handle"
      data-testid={`level-${side}`}
      role="slider"
      tabIndex={0}
      aria-label={side === 'low' ? 'Lower level' : 'Upper level'}
      aria-orientation="vertical"
      aria-valuenow={levels[side]}
      aria-valuemin={low}
      aria-valuemax={high}
      onKeyDown={onKey(side)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDragged(side);
      }}
      onPointerMove={onMove}
      onPointerUp={() => setDragged(null)}
    >
      <rect x="30" y={yOf(levels[side]) - 14} width={WIDTH - 30} height="28" fill="transparent" />
      <line
        x1="40"
        x2="106"
        y1={yOf(levels[side])}
        y2={yOf(levels[side])}
        stroke="var(--acc)"
        strokeWidth="2"
        vectorEffect="non-scaling-stroke"
      />
      <path d={`M106 ${yOf(levels[side])}l6 -9v18z`} fill="var(--acc)" />
    </g>
  );
  const stops = useMemo(() => {
    const table = colourTable(map);
    return Array.from({ length: STOPS + 1 }, (_, i) => {
      const value = levels.low + ((levels.high - levels.low) * i) / STOPS;
      return { offset: i / STOPS, colour: colourAt(table, colourPlace(value, levels, scale)) };
    });
  }, [map, scale, levels]);
  const ticks = ticksBetween(low, high, 8);
  const free = (value: number) =>
    Math.min(Math.abs(yOf(value) - yOf(levels.low)), Math.abs(yOf(value) - yOf(levels.high))) > LABEL_ROOM &&
    yOf(value) < BOTTOM - LABEL_ROOM / 2;

  return (
    <div className="bar">
      <svg ref={svg} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-label="Levels">
        <defs>
          <linearGradient id={gradient} x1="0" x2="0" y1="1" y2="0">
            {stops.map(({ offset, colour }) => (
              <stop key={offset} offset={offset} stopColor={colour} />
            ))}
          </linearGradient>
        </defs>
        <rect x="44" y={TOP} width="14" height={BOTTOM - TOP} fill={stops[0].colour} />
        <rect x="44" y={TOP} width="14" height={Math.max(0, yOf(levels.high) - TOP)} fill={stops[STOPS].colour} />
        <rect
          x="44"
          y={yOf(levels.high)}
          width="14"
          height={Math.max(0, yOf(levels.low) - yOf(levels.high))}
          fill={`url(#${gradient})`}
        />
        {histogram && <path d={`M62 ${BOTTOM}${outline}L62 ${TOP}Z`} fill="var(--line3)" opacity="0.75" />}
        {handle('low')}
        {handle('high')}
      </svg>
      <div className="bar-unit">{unit && `${unit} / pixel`}</div>
      <div className="bar-count">log n</div>
      {ticks.values.filter(free).map((value) => (
        <div key={value} className="bar-tick" style={{ top: `${yOf(value) / 10}%` }}>
          {numberText(value, ticks.digits)}
        </div>
      ))}
      {(['low', 'high'] as const).map((side) => (
        <div key={side} className="bar-tick b" style={{ top: `${yOf(levels[side]) / 10}%` }}>
          {valueText(levels[side])}
        </div>
      ))}
    </div>
  );
});
