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
import { ColourBar } from './colour-bar.tsx';
import { QueryState } from './query-state.tsx';
import { shortKey } from './source-keys.tsx';

/** Colour of a place without a value, RGBA. */
const GAP = [0x0b, 0x0f, 0x14, 255] as const;
const TICKS = 5;

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
    setLevels(autoLevels(data.image));
    noteShownFrame(frame);
  }, [frame, data]);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || !data) return;
    const { image, rows, columns } = data;
    const pixels = context.createImageData(columns, rows);
    const table = colourTable(map);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const value = image[row * columns + column];
        // Index 0 is at the bottom.
        const at = 4 * ((rows - 1 - row) * columns + column);
        const from = 4 * Math.round(255 * colourPlace(value, levels, scale));
        for (let i = 0; i < 4; i++) pixels.data[at + i] = Number.isNaN(value) ? GAP[i] : table[from + i];
      }
    }
    context.putImageData(pixels, 0, 0);
  }, [data, map, scale, levels]);
  const placeOf = (event: PointerEvent | React.MouseEvent) => {
    const box = canvas.current?.getBoundingClientRect();
    if (!box || !data) return null;
    const column = Math.floor(((event.clientX - box.left) / box.width) * data.columns);
    const row = Math.floor(((box.bottom - event.clientY) / box.height) * data.rows);
    return column < 0 || row < 0 || column >= data.columns || row >= data.rows ? null : { column, row };
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
        <span className="seg">
          {SCALES.map((each) => (
            <button
              key={each}
              type="button"
              className={scale === each ? 'on' : ''}
              aria-pressed={scale === each}
              onClick={() => setScale(each)}
            >
              {each}
            </button>
          ))}
        </span>
        <button type="button" className="btn" onClick={() => data && setLevels(autoLevels(data.image))}>
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
              {ticksOf(data.rows).map((row) => (
                <span key={row} style={{ bottom: `${(100 * (row + 0.5)) / data.rows}%` }}>
                  {numberText(row * step)}
                </span>
              ))}
            </div>
            <div className="heat-box">
              <canvas
                ref={canvas}
                width={data.columns}
                height={data.rows}
                data-testid="heat-map"
                aria-label={`${name} by train and ${word}`}
                onPointerMove={(event) => setHovered(placeOf(event))}
                onPointerLeave={() => setHovered(null)}
                onClick={(event) => {
                  const place = placeOf(event);
                  if (place) set(trainChange(view, data.trainId[place.column]));
                }}
              />
            </div>
            <div className="heat-bar">
              <ColourBar image={data.image} levels={levels} scale={scale} map={map} unit={unit} onLevels={setLevels} />
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
              ? reductionText(data.meta.reduction) || 'a click shows that train'
              : ''}
        </span>
        <span className="prov">
          {data ? `${numberText(data.meta.reduction.trainsRead)} trains × ${numberText(data.meta.length)}` : ''}
        </span>
      </div>
    </>
  );
}

/** A few round positions of `count`. */
function ticksOf(count: number): number[] {
  const raw = count / TICKS;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, raw)));
  const step = Math.max(1, ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power);
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
}
