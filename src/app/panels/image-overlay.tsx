import { memo } from 'react';
import type { Roi } from '../../core/roi.ts';
import type { ImageView } from '../../display/image-painter.ts';
import { numberText } from '../number-text.ts';
import { RoiBox } from './roi-box.tsx';

/** A ring on a picture around its beam centre. */
export interface PictureRing {
  /** In widths of a pixel. */
  readonly radius: number;
  readonly label: string;
}

interface ImageOverlayProps {
  readonly view: ImageView;
  /** Height of a pixel by its width. */
  readonly aspect: number;
  readonly size: { readonly width: number; readonly height: number };
  readonly hasAxes: boolean;
  /** Beam centre, pixels. */
  readonly centre?: readonly [number, number];
  readonly ring: PictureRing | null;
  readonly roi: Roi | null;
  readonly onRoi: (roi: Roi) => void;
  /** Place of the crosshair on screen. */
  readonly crosshair: { readonly x: number; readonly y: number } | null;
}

/** Lines over a picture: axes, ring, beam centre, region, crosshair. It does not depend on the picture's values. */
export const ImageOverlay = memo(function ImageOverlay(props: ImageOverlayProps) {
  const { view, aspect, size, hasAxes, centre, ring, roi, onRoi, crosshair } = props;
  const screen = (x: number, y: number) => [view.left + x * view.zoom, view.bottom - y * view.zoom * aspect] as const;
  return (
    <svg aria-hidden="true">
      {centre && ring && <Ring at={screen(...centre)} {...ring} radius={ring.radius * view.zoom} />}
      {centre && <path className="beam" d={cross(...screen(...centre))} />}
      {roi && <RoiBox roi={roi} zoom={[view.zoom, view.zoom * aspect]} toScreen={screen} onChange={onRoi} />}
      {crosshair && (
        <path
          data-testid="crosshair"
          d={`M0 ${crosshair.y}H${size.width}M${crosshair.x} 0V${size.height}`}
          stroke="#fff"
          strokeOpacity="0.45"
          pointerEvents="none"
        />
      )}
      {hasAxes && <Axes view={view} aspect={aspect} size={size} />}
    </svg>
  );
});

const cross = (x: number, y: number) => `M${x - 7} ${y}H${x + 7}M${x} ${y - 7}V${y + 7}`;
const AXIS_LEFT = 38;
const AXIS_BOTTOM = 22;
/** Labels are at least this far apart, px. */
const TICK_ROOM = 64;

function ticks(from: number, to: number, zoom: number): number[] {
  const power = 10 ** Math.floor(Math.log10(TICK_ROOM / zoom));
  const step = Math.max(1, ([1, 2, 5, 10].find((factor) => factor * power * zoom >= TICK_ROOM) ?? 10) * power);
  const values: number[] = [];
  for (let value = Math.ceil(from / step) * step; value <= to; value += step) values.push(value);
  return values;
}

/** Pixel numbers at the left and below, on the colour behind the picture: they stay readable at any zoom. */
function Axes({ view, aspect, size }: Pick<ImageOverlayProps, 'view' | 'aspect' | 'size'>) {
  const { left, bottom, zoom } = view;
  const floor = size.height - AXIS_BOTTOM;
  const xs = ticks((AXIS_LEFT - left) / zoom, (size.width - left) / zoom, zoom);
  const zoomY = zoom * aspect;
  const ys = ticks((bottom - floor) / zoomY, bottom / zoomY, zoomY);
  return (
    <g className="axes" pointerEvents="none">
      <path d={`M0 0H${AXIS_LEFT}V${floor}H${size.width}V${size.height}H0Z`} fill="#05070A" />
      {xs.map((value) => {
        const x = left + value * zoom;
        return x > size.width - 16 || x < AXIS_LEFT + 26 ? null : (
          <g key={value}>
            <path d={`M${x} ${floor}v4`} />
            <text x={x} y={floor + 15} textAnchor="middle">
              {numberText(value)}
            </text>
          </g>
        );
      })}
      {ys.map((value) => {
        const y = bottom - value * zoomY;
        return y < 24 || y > floor - 4 ? null : (
          <g key={value}>
            <path d={`M${AXIS_LEFT} ${y}h-4`} />
            <text x={AXIS_LEFT - 7} y={y + 4} textAnchor="end">
              {numberText(value)}
            </text>
          </g>
        );
      })}
      <text x="4" y="13">
        y / px
      </text>
      <text x="4" y={floor + 15}>
        x / px
      </text>
    </g>
  );
}

interface RingProps extends PictureRing {
  readonly at: readonly [number, number];
}

/** Dotted ring with its label on a dark plate. */
function Ring({ at: [x, y], radius, label }: RingProps) {
  if (!(radius > 0)) return null;
  const [labelX, labelY] = [x - radius * Math.SQRT1_2, y - radius * Math.SQRT1_2];
  const width = 6.2 * label.length + 10;
  return (
    <g data-testid="ring" pointerEvents="none">
      <circle cx={x} cy={y} r={radius} fill="none" stroke="#fff" strokeWidth="1.3" strokeDasharray="2 4" />
      <rect x={labelX - width / 2} y={labelY - 9} width={width} height={18} rx={3} fill="#05070ad9" />
      <text x={labelX} y={labelY + 4} textAnchor="middle" fontSize="11" fill="#fff">
        {label}
      </text>
    </g>
  );
}
