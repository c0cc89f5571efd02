import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { COLOUR_MAPS, type ColourMap, colourTable } from '../../display/colormap.ts';
import { autoLevels, type Levels } from '../../display/levels.ts';
import { colourPlace, SCALES, type Scale } from '../../display/scale.ts';
import { numberText, valueText } from '../number-text.ts';
import { reductionText } from '../reduction-text.ts';
import { type ChosenKey, trainChange, useRunView } from '../run-view.ts';
import { npyFile, saveFile } from '../save-file.ts';
import { session } from '../session.ts';
import { noteShownFrame } from '../test-probe.ts';
import { trainIndexOf } from '../train-ranges.ts';
import { Choices } from './choices.tsx';
import { ColourBar } from './colour-bar.tsx';
import { QueryState } from './query-state.tsx';
import { shortKey } from './source-keys.tsx';

/** Colour of a place without a value, RGBA. */
const GAP = [0x0b, 0x0f, 0x14, 255] as const;
const TICKS = 5;
/** More rows than a screen has are averaged by the browser: one that is skipped would be missed. */
const SMOOTH_ROWS = 300;

/** All values of a key as a picture: trains along x, index along y, and a colour bar. A click shows that train. */
export function HeatMapPlot({ chosen, word }: { readonly chosen: ChosenKey; readonly word: string }) {
  const view = useRunView();
  const { run, info, set } = view;
  const { source, key, field } = chosen;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [map, setMap] = useState<ColourMap>('viridis');
  const [scale, setScale] = useState<Scale>('lin');
  const [levels, setLevels] = useState<Levels>({ low: 0, high: 1 });
  const [hovered, setHovered] = useState<{ column: number; row: number } | null>(null);
  /** Rows on screen; null for all. */
  const [zoomed, setZoomed] = useState<{ readonly start: number; readonly stop: number } | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const query = useQuery({
    queryKey: ['map', run, source, key, field],
    queryFn: ({ signal }) => session.call('map', run, { source, key, field }, signal),
    placeholderData: (before, last) =>
      last?.queryKey[3] === key && last.queryKey[2] === source ? keepPreviousData(before) : undefined,
  });
  const frame = query.error ? undefined : query.data;
  const data = useMemo(() => {
    const [image, trainId] = [frame?.arrays.get('image'), frame?.arrays.get('trainId')];
    if (!frame || !image || !trainId || image.data.length === 0) return null;
    const [rows, columns] = image.shape;
    return {
      image: image.data as Float32Array,
      rows,
      columns,
      trainId: trainId.data as Float64Array,
      meta: frame.meta,
    };
  }, [frame]);
  useEffect(() => {
    if (!frame || !data) return;
    setLevels(levelsOf(data.image));
    noteShownFrame(frame);
  }, [frame, data]);
  const { start, stop } = zoomed && data ? zoomed : { start: 0, stop: data?.rows ?? 0 };
  const shownRows = stop - start;
  useEffect(() => setZoomed(null), [source, key, field]);
  useEffect(() => {
    const element = box.current;
    if (!element || !data) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const rectangle = element.getBoundingClientRect();
      const place = (rectangle.bottom - event.clientY) / rectangle.height;
      setZoomed((now) => zoomRows(now ?? { start: 0, stop: data.rows }, place, event.deltaY, data.rows));
    };
    // React's own wheel listeners are passive
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [data]);
  useEffect(() => {
    const context = canvas.current?.getContext('2d', { willReadFrequently: true });
    if (!context || !data) return;
    const { image, columns } = data;
    const pixels = context.createImageData(columns, shownRows);
    const table = colourTable(map);
    for (let row = 0; row < shownRows; row++) {
      for (let column = 0; column < columns; column++) {
        const value = image[(start + row) * columns + column];
        // Index 0 is at the bottom.
        const at = 4 * ((shownRows - 1 - row) * columns + column);
        const from = 4 * Math.round(255 * colourPlace(value, levels, scale));
        for (let i = 0; i < 4; i++) pixels.data[at + i] = Number.isNaN(value) ? GAP[i] : table[from + i];
      }
    }
    context.putImageData(pixels, 0, 0);
  }, [data, map, scale, levels, start, shownRows]);
  const placeOf = (event: PointerEvent | React.MouseEvent) => {
    const place = canvas.current?.getBoundingClientRect();
    if (!place || !data) return null;
    const column = Math.floor(((event.clientX - place.left) / place.width) * data.columns);
    const row = start + Math.floor(((place.bottom - event.clientY) / place.height) * shownRows);
    return column < 0 || row < start || column >= data.columns || row >= stop ? null : { column, row };
  };
  const name = `${shortKey(key)}${field ? `.${field}` : ''}`;
  const unit = data?.meta.units ?? '';
  const step = data?.meta.reduction.elementsPerPoint ?? 1;
  return (
    <>
      <div className="ptool" role="toolbar" aria-label="Heat map">
        <select
          className="selct"
          aria-label="Colour map"
          value={map}
          onChange={(event) => setMap(event.target.value as ColourMap)}
        >
          {COLOUR_MAPS.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
        <Choices values={SCALES} value={scale} onChoose={setScale} />
        <button type="button" className="btn" onClick={() => data && setLevels(levelsOf(data.image))}>
          Auto level
        </button>
        <span className="sp" />
        <button
          type="button"
          className="btn wide-only"
          disabled={!data}
          title="Save the values as shown, float32"
          onClick={() =>
            data &&
            saveFile(npyFile(data.image, [data.rows, data.columns]), `${info.proposal}-r${info.run}-${name}-map.npy`)
          }
        >
          npy
        </button>
      </div>
      <div className="pbody">
        {data && (
          <div className="heat">
            <div className="plot-line">
              <span className="el">{word}</span>
              <span className="sp" />
              <span className="el t2">
                {name}
                {unit && ` / ${unit}`}
              </span>
            </div>
            <div className="heat-y">
              {ticksOf(shownRows, start).map((row) => (
                <span key={row} style={{ bottom: `${(100 * (row - start + 0.5)) / shownRows}%` }}>
                  {numberText(row * step)}
                </span>
              ))}
            </div>
            <div className="heat-box" ref={box}>
              <canvas
                ref={canvas}
                width={data.columns}
                height={shownRows}
                style={{ imageRendering: shownRows > SMOOTH_ROWS ? 'auto' : 'pixelated' }}
                data-testid="heat-map"
                aria-label={`${name} by train and ${word}`}
                onPointerMove={(event) => setHovered(placeOf(event))}
                onPointerLeave={() => setHovered(null)}
                onDoubleClick={() => setZoomed(null)}
                onClick={(event) => {
                  const place = placeOf(event);
                  if (place) set(trainChange(view, data.trainId[place.column]));
                }}
              />
            </div>
            <div className="heat-bar">
              <ColourBar image={data.image} levels={levels} scale={scale} map={map} unit="" onLevels={setLevels} />
            </div>
            <div className="heat-x">
              {ticksOf(data.columns).map((column) => (
                <span key={column} style={{ left: `${(100 * (column + 0.5)) / data.columns}%` }}>
                  {numberText(trainIndexOf(info.trainRanges, data.trainId[column]))}
                </span>
              ))}
            </div>
            <div className="plot-line">
              <span className="el t3">{source}</span>
              <span className="sp" />
              <span className="nw">train index in the run</span>
            </div>
          </div>
        )}
        {frame && !data && (
          <div className="state">
            <h2>No values</h2>
            <p>{name} has no entry in any train.</p>
          </div>
        )}
        <QueryState isLoading={query.isLoading} error={query.error} what={name} />
      </div>
      <div className="pfoot">
        <span className="grow el" data-testid="heat-readout">
          {hovered && data
            ? `train ${numberText(data.trainId[hovered.column])}   ${word} ${numberText(hovered.row * step)}   ${valueText(data.image[hovered.row * data.columns + hovered.column])} ${unit}`
            : data
              ? reductionText(data.meta.reduction) ||
                'a click shows that train; the wheel zooms the index, a double click shows all'
              : ''}
        </span>
        <span className="prov">
          {data ? `${numberText(data.meta.reduction.trainsRead)} trains × ${numberText(data.meta.length)}` : ''}
        </span>
      </div>
    </>
  );
}

/** Levels at 1 and 99 %; where these are the same, since most values are, all values. */
function levelsOf(image: Float32Array): Levels {
  const auto = autoLevels(image);
  let [low, high, inside] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of image) {
    if (Number.isNaN(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
    if (value > auto.low && value < auto.high) inside++;
  }
  return inside === 0 && high > low ? { low, high } : auto;
}

/** The rows after one step of the wheel: what is below the pointer stays there. */
function zoomRows(
  { start, stop }: { readonly start: number; readonly stop: number },
  place: number,
  delta: number,
  rows: number,
): { start: number; stop: number } | null {
  const length = Math.min(rows, Math.max(2, Math.round((stop - start) * 1.002 ** delta)));
  if (length === rows) return null;
  const next = Math.round(start + place * (stop - start) - place * length);
  const first = Math.min(rows - length, Math.max(0, next));
  return { start: first, stop: first + length };
}

/** A few round positions of `count` from `start` on. */
function ticksOf(count: number, start = 0): number[] {
  const raw = count / TICKS;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, raw)));
  const step = Math.max(1, ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power);
  const first = Math.ceil(start / step) * step;
  return Array.from({ length: Math.max(0, Math.ceil((start + count - first) / step)) }, (_, i) => first + i * step);
}
