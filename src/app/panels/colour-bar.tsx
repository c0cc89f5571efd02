import { type PointerEvent, useMemo, useRef, useState } from 'react';
import { type ColourMap, colourStops } from '../../display/colormap.ts';
import { autoLevels, histogramOf, type Levels } from '../../display/levels.ts';
import { valueText } from '../number-text.ts';

interface ColourBarProps {
  readonly image: Float32Array | null;
  readonly levels: Levels;
  readonly map: ColourMap;
  readonly unit: string;
  readonly onLevels: (levels: Levels) => void;
}

const WIDTH = 112;
const HEIGHT = 1000;
const TOP = 34;
const BOTTOM = 976;

/** Colour bar and log histogram beside a picture; the levels are dragged by their handles. */
export function ColourBar({ image, levels, map, unit, onLevels }: ColourBarProps) {
  const svg = useRef<SVGSVGElement>(null);
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

  const onMove = (event: PointerEvent) => {
    const rectangle = svg.current?.getBoundingClientRect();
    if (!dragged || !rectangle) return;
    const y = ((event.clientY - rectangle.top) / rectangle.height) * HEIGHT;
    const value = low + ((BOTTOM - y) / (BOTTOM - TOP)) * (high - low);
    const gap = (high - low) / 200;
    onLevels(
      dragged === 'low'
        ? { ...levels, low: Math.min(value, levels.high - gap) }
        : { ...levels, high: Math.max(value, levels.low + gap) },
    );
  };
  const handle = (side: 'low' | 'high') => (
    <g
      className="handle"
      data-testid={`level-${side}`}
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
  const tops = (side: 'low' | 'high') => ({ top: `${(yOf(levels[side]) / HEIGHT) * 100}%` });
  const stops = colourStops(map);

  return (
    <div className="bar">
      <svg ref={svg} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label="Levels">
        <defs>
          <linearGradient id="bar-colours" x1="0" x2="0" y1="1" y2="0">
            {stops.map((colour, i) => (
              <stop key={`${colour} ${i / stops.length}`} offset={i / (stops.length - 1)} stopColor={colour} />
            ))}
          </linearGradient>
        </defs>
        <rect x="44" y={TOP} width="14" height={BOTTOM - TOP} fill={stops[0]} />
        <rect x="44" y={TOP} width="14" height={Math.max(0, yOf(levels.high) - TOP)} fill={stops[stops.length - 1]} />
        <rect
          x="44"
          y={yOf(levels.high)}
          width="14"
          height={Math.max(0, yOf(levels.low) - yOf(levels.high))}
          fill="url(#bar-colours)"
        />
        {histogram && <path d={`M62 ${BOTTOM}${outline}L62 ${TOP}Z`} fill="var(--line3)" opacity="0.75" />}
        {handle('low')}
        {handle('high')}
      </svg>
      <div style={{ position: 'absolute', top: 2, left: 8, fontSize: 11, color: 'var(--t2)' }}>{unit} / pixel</div>
      <div style={{ position: 'absolute', bottom: 2, right: 6, fontSize: 11, color: 'var(--t3)' }}>log n</div>
      {(['low', 'high'] as const).map((side) => (
        <div
          key={side}
          style={{
            position: 'absolute',
            left: 4,
            transform: 'translateY(-50%)',
            fontSize: 11,
            fontWeight: 600,
            pointerEvents: 'none',
            ...tops(side),
          }}
        >
          {valueText(levels[side])}
        </div>
      ))}
    </div>
  );
}
