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
}

/** What a plot shows. */
export interface PlotProps {
  readonly x: ArrayLike<number>;
  readonly curves: readonly Curve[];
  readonly xTitle: string;
  readonly yTitle: string;
  readonly isLogY?: boolean;
  /** Lower and upper edge of a band behind the first curve. */
  readonly band?: { readonly low: ArrayLike<number>; readonly high: ArrayLike<number> };
  /** Colours are read again when this changes. */
  readonly theme: string;
  readonly testId: string;
  /** Where a vertical line is drawn. */
  readonly marker?: number;
  /** A click on the plot. */
  readonly onPick?: (x: number) => void;
  /** Index of the point below the pointer, null outside. */
  readonly onHover?: (index: number | null) => void;
}

function colourOf(element: HTMLElement, variable: string): string {
  return getComputedStyle(element).getPropertyValue(variable).trim() || '#888';
}

/** Thousands with thin spaces, a true minus, no more digits than needed. */
function tickText(value: number | null): string {
  if (value === null) return '';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) return value.toExponential(1).replace('-', '\u2212');
  return value.toLocaleString('en-GB', { maximumFractionDigits: 4 }).replaceAll(',', '\u2009').replace('-', '\u2212');
}

const asNumbers = (values: ArrayLike<number>): (number | null)[] =>
  Array.from(values, (v) => (Number.isFinite(v) ? v : null));

/** A quick curve plot: uPlot in the colours and type of the design. */
export function Plot(props: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const marker = useRef<number | undefined>(undefined);
  const pick = useRef(props.onPick);
  pick.current = props.onPick;
  const hover = useRef(props.onHover);
  hover.current = props.onHover;
  marker.current = props.marker;
  const { theme, isLogY = false, xTitle, yTitle, x, curves, band } = props;
  const shape = JSON.stringify([
    curves.map(({ label, colour, isPoints }) => [label, colour, isPoints]),
    band !== undefined,
  ]);

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const axis = (label: string): uPlot.Axis => ({
      label,
      labelSize: 16,
      labelFont: '11px "Inter Variable"',
      font: '11px "Inter Variable"',
      size: 34,
      gap: 3,
      values: (_plot, ticks) => ticks.map(tickText),
      stroke: colourOf(element, '--t2'),
      grid: { stroke: colourOf(element, '--grid'), width: 1 },
      ticks: { stroke: colourOf(element, '--axis'), size: 4, width: 1 },
    });
    const line = ({ label, colour, isPoints }: Curve): uPlot.Series => ({
      label,
      stroke: colourOf(element, colour),
      width: isPoints ? 0 : 1.5,
      points: isPoints ? { show: true, size: 4, fill: colourOf(element, colour) } : { show: false },
    });
    const edge: uPlot.Series = { stroke: 'transparent', points: { show: false } };
    const made = new uPlot(
      {
        width: Math.max(50, element.clientWidth),
        height: Math.max(50, element.clientHeight),
        legend: { show: false },
        cursor: { y: false, points: { show: false } },
        scales: { x: { time: false }, y: isLogY ? { distr: 3 } : {} },
        axes: [
          { ...axis(xTitle), size: 24 },
          { ...axis(yTitle), size: 54 },
        ],
        series: [{}, ...curves.map(line), ...(band ? [edge, edge] : [])],
        bands: band ? [{ series: [curves.length + 2, curves.length + 1], fill: `${colourOf(element, '--c1')}38` }] : [],
        hooks: {
          draw: [
            (u) => {
              if (marker.current === undefined) return;
              const at = u.valToPos(marker.current, 'x', true);
              u.ctx.strokeStyle = colourOf(element, '--t1');
              u.ctx.lineWidth = 1;
              u.ctx.beginPath();
              u.ctx.moveTo(at, u.bbox.top);
              u.ctx.lineTo(at, u.bbox.top + u.bbox.height);
              u.ctx.stroke();
            },
          ],
          setCursor: [(u) => hover.current?.(u.cursor.idx ?? null)],
          ready: [
            (u) => {
              u.over.addEventListener('click', (event) => pick.current?.(u.posToVal(event.offsetX, 'x')));
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
  }, [shape, theme, isLogY, xTitle, yTitle]);

  useEffect(() => {
    const y = curves.map((curve) =>
      isLogY ? asNumbers(curve.y).map((v) => (v !== null && v > 0 ? v : null)) : asNumbers(curve.y),
    );
    const edges = band ? [asNumbers(band.low), asNumbers(band.high)] : [];
    plot.current?.setData([Array.from(x), ...y, ...edges] as uPlot.AlignedData);
  }, [x, curves, band, shape, theme, isLogY, xTitle, yTitle, props.marker]);

  return <div ref={host} style={{ width: '100%', height: '100%' }} data-testid={props.testId} />;
}
