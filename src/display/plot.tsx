import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

/** One curve of a plot. */
export interface Curve {
  readonly label: string;
  /** CSS variable of the colour, such as `--c1`. */
  readonly colour: string;
  readonly y: ArrayLike<number>;
  /** Points without a line. */
  readonly isPoints?: boolean;
  /** A line on which single values can be seen while they are few. */
  readonly hasDots?: boolean;
  /** Belongs to the axis at the right. */
  readonly isRight?: boolean;
  readonly isDashed?: boolean;
}

/** A vertical line with words at its top. */
export interface PlotMark {
  readonly x: number;
  readonly label: string;
  /** CSS variable of the colour. */
  readonly colour: string;
  readonly isDashed?: boolean;
  /** Share of the plot's height that the line has, from below; the whole without it. */
  readonly share?: number;
}

/** What a plot shows. */
export interface PlotProps {
  readonly x: ArrayLike<number>;
  readonly curves: readonly Curve[];
  readonly xTitle: string;
  readonly yTitle: string;
  /** Title of the axis at the right. */
  readonly rightTitle?: string;
  /** Words of a value of the x axis; without it numbers. */
  readonly xText?: (x: number) => string;
  readonly isLogY?: boolean;
  readonly isLogX?: boolean;
  /** What is shown of the x axis; everything without it. */
  readonly xRange?: readonly [number, number] | null;
  /** A range was dragged on the plot; null after a double click. */
  readonly onZoom?: (range: readonly [number, number] | null) => void;
  /** Lower and upper edge of a band behind the first curve. */
  readonly band?: { readonly low: ArrayLike<number>; readonly high: ArrayLike<number>; readonly label: string };
  readonly marks?: readonly PlotMark[];
  /** Small words below the plot at the left. */
  readonly note?: string;
  /** Colours are read again when this changes. */
  readonly theme: string;
  readonly testId: string;
  /** A click on the plot. */
  readonly onPick?: (x: number) => void;
  /** Index of the point below the pointer, null outside. */
  readonly onHover?: (index: number | null) => void;
}

const FONT = '11px "Inter Variable", Inter, system-ui, sans-serif';
const Y_AXIS_PX = 50;
/** Distance of two labels of the x axis; train ids need more. */
const TICK_PX = 60;
const LONG_TICK_PX = 120;
const LONG_VALUE = 1e6;
/** Half of a long label lies right of the last tick, px. */
const LONG_PADDING_PX = 36;
/** Up to so many values each one is a dot on the line, px of the dot. */
const DOTS_UP_TO = 60;
const DOT_PX = 5;

function colourOf(element: HTMLElement, variable: string): string {
  return getComputedStyle(element).getPropertyValue(variable).trim() || '#888';
}

/** Thousands with thin spaces, a true minus. */
function tickText(value: number, digits: number): string {
  const size = Math.abs(value);
  // Train ids are long and whole: they are told in full.
  if (size !== 0 && ((size >= 1e6 && !Number.isInteger(value)) || size >= 1e15 || size < 1e-4))
    return value.toExponential(1).replaceAll('-', '\u2212');
  const [whole, fraction] = size.toFixed(Math.min(8, digits)).split('.');
  const sign = value < 0 && Number(size.toFixed(digits)) !== 0 ? '\u2212' : '';
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, '\u2009')}${fraction ? `.${fraction}` : ''}`;
}

const axisText: uPlot.Axis.DynamicValues = (plot, ticks, axis, _space, step) => {
  const isLog = axis === 1 && plot.scales['y'].distr === 3;
  let digits = 0;
  // A step of 0.025 needs three digits.
  while (digits < 8 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6) digits++;
  return ticks.map((value) => {
    if (value === null) return '';
    // On a log axis whole decades have a label, nothing between.
    if (isLog) return Math.abs(Math.log10(value) % 1) < 1e-9 ? tickText(value, Math.max(0, -Math.log10(value))) : '';
    // Half a train has no id.
    if (axis === 0 && Math.abs(value) >= LONG_VALUE) return Number.isInteger(value) ? tickText(value, 0) : '';
    return tickText(value, digits);
  });
};

const asNumbers = (values: ArrayLike<number>): (number | null)[] =>
  Array.from(values, (v) => (Number.isFinite(v) ? v : null));

function drawMarks(plot: uPlot, marks: readonly PlotMark[], element: HTMLElement): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = FONT.replace('11px', `${11 * ratio}px`);
  ctx.textBaseline = 'top';
  ctx.lineWidth = ratio;
  for (const { x, label, colour, isDashed, share = 1 } of marks) {
    const at = Math.round(plot.valToPos(x, 'x', true)) + 0.5;
    if (!(at >= bbox.left && at <= bbox.left + bbox.width)) continue;
    ctx.strokeStyle = colourOf(element, colour);
    ctx.fillStyle = ctx.strokeStyle;
    ctx.setLineDash(isDashed ? [3 * ratio, 3 * ratio] : []);
    ctx.beginPath();
    ctx.moveTo(at, bbox.top + (1 - share) * bbox.height);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
    if (label === '') continue;
    const isRight = at + ctx.measureText(label).width + 6 * ratio < bbox.left + bbox.width;
    ctx.textAlign = isRight ? 'left' : 'right';
    ctx.fillText(label, at + (isRight ? 4 : -4) * ratio, bbox.top + 2 * ratio);
  }
  ctx.restore();
}

/** Limits of the x axis; one point alone is given some room. */
function xLimits(low: number | null, high: number | null, { xRange, isLogX }: PlotProps): [number, number] {
  if (xRange) return [xRange[0], xRange[1]];
  if (low === null || high === null) return isLogX ? [1, 10] : [0, 1];
  if (isLogX) return [Math.max(low, high * 1e-6), high > low ? high : high * 2];
  return high > low ? [low, high] : [low - 0.5, high + 0.5];
}

/** Tells the range that was dragged, and takes the mark of it away. */
function zoomTo(plot: uPlot, { onZoom }: PlotProps): void {
  const { left, width } = plot.select;
  if (width < 4) return;
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  onZoom?.([plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]);
}

/** A quick curve plot: uPlot in the colours and type of the design. Title line above, axis title below. */
export function Plot(props: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  /** Points that are not drawn on a logarithmic axis come first. */
  const first = useRef(0);
  latest.current = props;
  const {
    theme,
    isLogY = false,
    isLogX = false,
    xRange = null,
    xTitle,
    yTitle,
    rightTitle,
    x,
    curves,
    band,
    marks,
  } = props;
  const [xLow, xHigh] = xRange ?? [null, null];
  const shape = JSON.stringify([
    curves.map(({ label, colour, isPoints, isRight, isDashed }) => [label, colour, isPoints, isRight, isDashed]),
    props.onZoom !== undefined,
    props.xText !== undefined,
    band !== undefined,
  ]);

  // `shape` stands for curves and band; colours are read anew for a theme
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const axis: uPlot.Axis = {
      font: FONT,
      gap: 4,
      values: axisText,
      stroke: colourOf(element, '--t2'),
      grid: { stroke: colourOf(element, '--grid'), width: 1 },
      ticks: { stroke: colourOf(element, '--axis'), size: 4, width: 1 },
      border: { show: true, stroke: colourOf(element, '--axis'), width: 1 },
    };
    const hasRight = curves.some((curve) => curve.isRight);
    const xAxisText: uPlot.Axis.DynamicValues = (u, ticks, ...rest) => {
      const words = latest.current.xText;
      return words ? ticks.map((tick) => words(tick)) : (axisText(u, ticks, ...rest) as string[]);
    };
    const line = ({ label, colour, isPoints, hasDots, isRight, isDashed }: Curve): uPlot.Series => ({
      label,
      scale: isRight ? 'right' : 'y',
      stroke: colourOf(element, colour),
      width: isPoints ? 0 : 1.5,
      ...(isDashed ? { dash: [4, 3] } : {}),
      points: isPoints
        ? { show: true, size: 4, fill: colourOf(element, colour), width: 0 }
        : {
            show: (u) => hasDots === true && u.data[0].length <= DOTS_UP_TO,
            size: DOT_PX,
            fill: colourOf(element, colour),
            width: 0,
          },
    });
    const edge: uPlot.Series = { stroke: 'transparent', points: { show: false } };
    const made = new uPlot(
      {
        width: Math.max(50, element.clientWidth),
        height: Math.max(50, element.clientHeight),
        padding: [6, (u) => (!hasRight && (u.scales['x'].max ?? 0) >= LONG_VALUE ? LONG_PADDING_PX : 8), 0, 0],
        legend: { show: false },
        cursor: {
          y: false,
          points: { show: false },
          drag: { x: latest.current.onZoom !== undefined, y: false, setScale: false },
        },
        scales: {
          x: {
            time: false,
            ...(isLogX ? { distr: 3 as const } : {}),
            range: (_u, low, high) => xLimits(low, high, latest.current),
          },
          y: isLogY ? { distr: 3 } : {},
        },
        axes: [
          {
            ...axis,
            values: xAxisText,
            size: 22,
            space: (_plot, _axis, _low, high) => (high >= LONG_VALUE ? LONG_TICK_PX : TICK_PX),
          },
          { ...axis, size: Y_AXIS_PX, space: 28 },
          ...(hasRight
            ? [{ ...axis, scale: 'right', side: 1 as const, size: Y_AXIS_PX, space: 28, grid: { show: false } }]
            : []),
        ],
        series: [{}, ...curves.map(line), ...(band ? [edge, edge] : [])],
        bands: band ? [{ series: [curves.length + 2, curves.length + 1], fill: `${colourOf(element, '--c1')}38` }] : [],
        hooks: {
          draw: [(u) => drawMarks(u, latest.current.marks ?? [], element)],
          setSelect: [(u) => zoomTo(u, latest.current)],
          setCursor: [(u) => latest.current.onHover?.(u.cursor.idx == null ? null : u.cursor.idx + first.current)],
          ready: [
            (u) => {
              u.over.addEventListener('click', (event) => latest.current.onPick?.(u.posToVal(event.offsetX, 'x')));
              u.over.addEventListener('dblclick', () => latest.current.onZoom?.(null));
              u.over.addEventListener('mouseleave', () => latest.current.onHover?.(null));
            },
          ],
        },
      },
      [[0]] as unknown as uPlot.AlignedData,
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({ width: Math.max(50, element.clientWidth), height: Math.max(50, element.clientHeight) }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, theme, isLogX, isLogY]);

  // A plot made anew (theme, shape, scale) needs its data again
  useEffect(() => {
    const y = curves.map((curve) =>
      isLogY ? asNumbers(curve.y).map((v) => (v !== null && v > 0 ? v : null)) : asNumbers(curve.y),
    );
    const edges = band ? [asNumbers(band.low), asNumbers(band.high)] : [];
    // On a logarithmic axis there is no 0.
    const from = isLogX
      ? Math.max(
          0,
          Array.from(x).findIndex((value) => value > 0),
        )
      : 0;
    first.current = from;
    const columns = [Array.from(x), ...y, ...edges].map((column) => column.slice(from));
    plot.current?.setData(columns as uPlot.AlignedData);
  }, [x, curves, band, shape, theme, isLogX, isLogY, marks, xLow, xHigh]);

  const isLegendNeeded = curves.length > 1 || band !== undefined;
  return (
    <div className="plot" data-testid={props.testId} role="img" aria-label={`${yTitle} against ${xTitle}`}>
      <div className="plot-line">
        <span className="el">{yTitle}</span>
        <span className="sp" />
        {isLegendNeeded &&
          curves.map(({ label, colour, isPoints }) => (
            <span className="legend" key={label}>
              <i className={isPoints ? 'dot' : 'dash'} style={{ background: `var(${colour})` }} />
              {label}
            </span>
          ))}
        {band && (
          <span className="legend">
            <i className="area" />
            {band.label}
          </span>
        )}
        {rightTitle && <span className="el t2">{rightTitle}</span>}
      </div>
      <div ref={host} className="plot-area" />
      <div className="plot-line">
        <span className="el t3">{props.note}</span>
        <span className="sp" />
        <span className="nw">{xTitle}</span>
      </div>
    </div>
  );
}
