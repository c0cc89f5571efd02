import { type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { colourAt, colourTable } from '../../../display/colormap.ts';
import type { BatchResult } from '../../analysis/batch/batch-store.ts';
import { type StackTilt, stackCurves } from '../../analysis/batch/curve-stack.ts';
import { axisTicks } from '../../analysis/cake/cake-picture.ts';
import { useCurves } from '../../analysis/curve/curve-store.ts';
import { PATTERN_UNITS } from '../../analysis/curve/pattern-unit.ts';
import { ringRange, useCalibrantRings } from '../../analysis/phases/calibrant-rings.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { useTheme } from '../../theme-choice.ts';

/** Share of the plot that a drag of one pixel turns. */
const TURN = 0.002;
/** A press that moves less than this is a click, px. */
const CLICK_PX = 3;
/** Share of values that may stand out of the plot: one hot bin would flatten all curves. */
const OUT = 0.001;

/** The curves of a batch behind each other, like a landscape; a drag turns it, a click shows the train. */
export function CurveStackPlot({
  result,
  onPick,
}: {
  readonly result: BatchResult;
  readonly onPick: (row: number) => void;
}) {
  const { x, unit, intensity, rows } = result;
  const theme = useTheme((choice) => choice.theme);
  const zoom = useCurves((state) => state.zoom);
  const rings = useCalibrantRings();
  const experiment = useGeometry((state) => state.document?.experiment);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [tilt, setTilt] = useState<StackTilt>({ across: 0.2, up: 0.45 });
  const [size, setSize] = useState({ width: 0, height: 0 });
  const press = useRef<{ x: number; y: number; tilt: StackTilt; isTurned: boolean } | null>(null);
  useEffect(() => {
    const element = canvas.current?.parentElement;
    if (!element) return;
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  // What I(q) shows of the axis.
  const columns = useMemo((): readonly [number, number] => {
    const wanted =
      zoom === 'all' ? null : zoom === 'rings' ? (experiment ? ringRange(rings, unit, experiment) : null) : zoom;
    const first = wanted ? x.findIndex((place) => place >= wanted[0]) : 0;
    const after = wanted ? x.findIndex((place) => place > wanted[1]) : -1;
    const last = (after < 0 ? x.length : after) - 1;
    return first >= 0 && last > first ? [first, last] : [0, x.length - 1];
  }, [zoom, rings, unit, experiment, x]);
  const range = useMemo(() => heightRange(intensity, x.length, columns), [intensity, x, columns]);
  const stack = useMemo(
    () => stackCurves(rows.length, columns, range, tilt, size),
    [rows.length, columns, range, tilt, size],
  );
  // Colours are read again when the theme changes.
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context || size.width === 0) return;
    const ratio = window.devicePixelRatio;
    [element.width, element.height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    context.scale(ratio, ratio);
    const style = getComputedStyle(element);
    const colour = (name: string) => style.getPropertyValue(name).trim() || '#888';
    const table = colourTable('viridis');
    context.lineJoin = 'round';
    context.fillStyle = colour('--bg1');
    const [first, last] = columns;
    // From behind to the front: what is nearer hides what is farther.
    for (let at = stack.rows.length - 1; at >= 0; at--) {
      const from = stack.rows[at] * x.length;
      const line = new Path2D();
      const area = new Path2D();
      area.moveTo(...stack.place(at, first, range.low));
      let isDrawing = false;
      for (let column = first; column <= last; column++) {
        const value = intensity[from + column];
        const place = stack.place(at, column, Number.isNaN(value) ? range.low : value);
        area.lineTo(...place);
        if (Number.isNaN(value)) isDrawing = false;
        else {
          if (isDrawing) line.lineTo(...place);
          else line.moveTo(...place);
          isDrawing = true;
        }
      }
      area.lineTo(...stack.place(at, last, range.low));
      context.fill(area);
      context.strokeStyle = colourAt(table, 0.15 + 0.75 * (at / Math.max(1, stack.rows.length - 1)));
      context.stroke(line);
    }
    context.strokeStyle = colour('--axis');
    context.fillStyle = colour('--t2');
    context.font = '11px "Inter Variable", Inter, system-ui, sans-serif';
    context.beginPath();
    context.moveTo(...stack.place(0, first, range.low));
    context.lineTo(...stack.place(0, last, range.low));
    context.stroke();
    context.textAlign = 'center';
    for (const value of axisTicks(x[first], x[last], 6)) {
      const column = first + ((value - x[first]) / (x[last] - x[first])) * (last - first);
      const [left, top] = stack.place(0, column, range.low);
      context.fillText(String(Number(value.toFixed(6))), Math.min(size.width - 12, Math.max(12, left)), top + 14);
    }
  }, [stack, intensity, x, columns, range, size, theme]);
  const onUp = (event: PointerEvent) => {
    const box = canvas.current?.getBoundingClientRect();
    const { current } = press;
    press.current = null;
    if (box && current && !current.isTurned) onPick(stack.rowAt(event.clientX - box.left, event.clientY - box.top));
  };
  return (
    <div className="analysis-stack">
      <div className="analysis-stack-box">
        <canvas
          ref={canvas}
          data-testid="batch-stack"
          aria-label="Curves behind each other, the first at the front"
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            press.current = { x: event.clientX, y: event.clientY, tilt, isTurned: false };
          }}
          onPointerMove={(event) => {
            const { current } = press;
            if (!current) return;
            const [dx, dy] = [event.clientX - current.x, current.y - event.clientY];
            if (Math.hypot(dx, dy) < CLICK_PX) return;
            current.isTurned = true;
            const bound = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
            setTilt({
              across: bound(current.tilt.across + TURN * dx, -0.6, 0.6),
              up: bound(current.tilt.up + TURN * dy, 0.05, 0.9),
            });
          }}
          onPointerUp={onUp}
        />
      </div>
      <div className="plot-line">
        <span className="t3">a drag turns it</span>
        <span className="sp" />
        <span className="nw">{PATTERN_UNITS[unit].title}</span>
      </div>
    </div>
  );
}

/** From the lowest value to almost the highest within some columns. */
function heightRange(
  intensity: Float32Array,
  width: number,
  [first, last]: readonly [number, number],
): { readonly low: number; readonly high: number } {
  const inside = intensity
    .filter((value, i) => i % width >= first && i % width <= last && Number.isFinite(value))
    .sort();
  const low = inside[0] ?? 0;
  const high = inside[Math.floor((1 - OUT) * (inside.length - 1))] ?? 1;
  return { low, high: high > low ? high : low + 1 };
}
