import { IconAdjustments, IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type MouseEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { ColourMap } from '../../../display/colormap.ts';
import { COLOUR_MAPS } from '../../../display/colormap.ts';
import type { Levels } from '../../../display/levels.ts';
import { SCALES, type Scale } from '../../../display/scale.ts';
import { useBatchRun } from '../../analysis/batch/batch-run.ts';
import { useBatch } from '../../analysis/batch/batch-store.ts';
import { paintRows } from '../../analysis/cake/cake-picture.ts';
import { MAP_FORMATS, saveMap } from '../../analysis/map/map-file.ts';
import { pointsOf } from '../../analysis/map/map-grid.ts';
import { type KeyName, useMap } from '../../analysis/map/map-store.ts';
import { type KeySeries, makeScanMap, type ScanMap } from '../../analysis/map/scan-map.ts';
import { useGeometryPage } from '../../geometry/geometry-address.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { numberText, valueText } from '../../number-text.ts';
import { session } from '../../session.ts';
import { trainIndexOf } from '../../train-ranges.ts';
import { ColourBar } from '../colour-bar.tsx';
import { SaveMenu } from '../save-menu.tsx';
import { MapSettings } from './map-settings.tsx';
import '../../style/analysis.css';

/** Labels of an axis. */
const MOST_TICKS = 6;

/** Values of a key of the run on the page. */
function useKeySeries(name: KeyName | null): { readonly series: KeySeries | null; readonly error: Error | null } {
  const { run, info } = useGeometryPage();
  const query = useQuery({
    // With more trains there are more values.
    queryKey: ['series', run, name?.source, name?.key, info?.trains],
    queryFn: ({ signal }) =>
      session.call('series', run ?? { proposal: '', run: 0, data: '' }, name ?? { source: '', key: '' }, signal),
    enabled: run !== null && name !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const series = useMemo(() => {
    const [trainId, value] = [query.data?.arrays.get('trainId'), query.data?.arrays.get('value')];
    if (!query.data || !trainId || !value) return null;
    return {
      trainId: trainId.data as Float64Array,
      value: value.data as Float64Array,
      units: query.data.meta.units,
    };
  }, [query.data]);
  return { series, error: query.error };
}

/** The run as a map of a grid scan; a click on a point shows its frame and its pattern. */
export function AnalysisMap() {
  const { run, info, detector, choice: shown, set } = useGeometryPage();
  const choice = useMap((state) => state.choice);
  const batch = useBatch((state) => state.result);
  const { job, error: batchError, start } = useBatch();
  const batchRun = useBatchRun();
  const document = useGeometry((state) => state.document);
  const [isOpen, setOpen] = useState(true);
  const [map, setMap] = useState<ColourMap>('viridis');
  const [scale, setScale] = useState<Scale>('lin');
  const [levels, setLevels] = useState<Levels>({ low: 0, high: 1 });
  const [hovered, setHovered] = useState<number | null>(null);
  const x = useKeySeries(choice.isByKeys ? choice.xKey : null);
  const y = useKeySeries(choice.isByKeys ? choice.yKey : null);
  const value = useKeySeries(choice.value === 'key' ? choice.valueKey : null);
  const ranges = detector?.trainRanges;
  const made = useMemo(() => {
    const failed = x.error ?? y.error ?? value.error;
    if (failed) return failed.message;
    if (!document) return 'A map needs a geometry.';
    return makeScanMap(choice, {
      batch,
      x: x.series,
      y: y.series,
      value: value.series,
      helpers: document.helpers,
      experiment: document.experiment,
      trainOf: (trainId) => trainIndexOf(ranges ?? [], trainId),
    });
  }, [choice, batch, x, y, value, document, ranges]);
  const scanMap = typeof made === 'string' ? null : made;
  const values = scanMap?.values;
  useEffect(() => {
    if (values) setLevels(levelsOf(values));
  }, [values]);
  const show = (cell: number) => {
    const point = scanMap?.points[pointsOf(scanMap.grid, cell)[0] ?? -1];
    if (!point || point.train < 0) return;
    set({ over: 'one', train: String(point.train), pulse: point.pulse === 0 ? '' : String(point.pulse) });
  };
  const selected = useMemo(() => {
    if (!scanMap || shown.over !== 'one') return null;
    const at = scanMap.points.findIndex(({ train, pulse }) => train === shown.train && pulse === shown.pulse);
    const found = at >= 0 ? at : scanMap.points.findIndex(({ train }) => train === shown.train);
    return found >= 0 && scanMap.grid.cells[found] >= 0 ? scanMap.grid.cells[found] : null;
  }, [scanMap, shown]);
  const needsBatch = choice.value !== 'key';
  return (
    <section className="pn" aria-label="Map" data-testid="analysis-map">
      <div className="ptool" role="toolbar" aria-label="Map">
        <button
          type="button"
          className={`ib ${isOpen ? 'on' : ''}`}
          aria-label="Value and places of the map"
          aria-pressed={isOpen}
          title="Value and places"
          data-testid="map-settings"
          onClick={() => setOpen(!isOpen)}
        >
          <IconAdjustments size={15} stroke={1.7} aria-hidden="true" />
        </button>
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
        <select
          className="selct"
          aria-label="Scale"
          value={scale}
          onChange={(event) => setScale(event.target.value as Scale)}
        >
          {SCALES.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
        <span className="sp" />
        {scanMap && (
          <SaveMenu
            what="map"
            formats={MAP_FORMATS}
            onSave={(format) =>
              saveMap(format, scanMap, { map, levels, scale }, `${info?.proposal ?? ''}-r${run?.run ?? ''}-map`)
            }
            testId="save-map"
          />
        )}
        {needsBatch &&
          (job ? (
            <button type="button" className="btn d" onClick={job.cancel}>
              Cancel
            </button>
          ) : (
            <button
              type="button"
              className={`btn ${scanMap ? '' : 'p'}`}
              disabled={!batchRun || !document}
              title="With the trains and pulses that are chosen on the Batch panel"
              data-testid="map-integrate"
              onClick={() => batchRun && void start(batchRun)}
            >
              <IconPlayerPlay size={13} stroke={1.7} aria-hidden="true" />
              Integrate
            </button>
          ))}
      </div>
      {isOpen && <MapSettings batch={batch} />}
      {job && needsBatch && (
        <div className="analysis-job" role="status">
          <span className="t2">{job.text}</span>
          <div className="prog">
            <i style={{ width: `${100 * job.share}%` }} />
          </div>
          <span className="t2">{Math.round(100 * job.share)} %</span>
        </div>
      )}
      <div className="pbody">
        {scanMap && (
          <MapPicture
            scanMap={scanMap}
            look={{ map, levels, scale }}
            selected={selected}
            onHover={setHovered}
            onPick={show}
            onLevels={setLevels}
          />
        )}
        {!scanMap && (
          <div className="state">
            <h2>No map yet</h2>
            <p>{batchError && needsBatch ? batchError : String(made)}</p>
          </div>
        )}
      </div>
      <div className="pfoot">
        <span className="grow el" data-testid="map-readout">
          {scanMap && (hovered === null ? mapWords(scanMap) : cellWords(scanMap, hovered))}
        </span>
        <span className="prov">
          {scanMap && (needsBatch && batch ? `${batch.name} · geometry v${batch.version}` : `run ${run?.run ?? ''}`)}
        </span>
      </div>
    </section>
  );
}

/** All values: in a map there is no bright middle that would hide the others. */
function levelsOf(values: Float32Array): Levels {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low < high) return { low, high };
  return low === high ? { low: low - 0.5, high: high + 0.5 } : { low: 0, high: 1 };
}

function mapWords({ grid, points }: ScanMap): string {
  const outside = grid.cells.reduce((count, cell) => count + Number(cell < 0), 0);
  const left = outside > 0 ? `, ${numberText(outside)} without a place` : '';
  const even = grid.hasSteps ? '' : ', no clear steps: cells divided evenly';
  return `${grid.columns} × ${grid.rows} cells of ${numberText(points.length)} points${left}${even}; a click shows the point`;
}

function cellWords(scanMap: ScanMap, cell: number): string {
  const { grid, points, values, xTitle, yTitle } = scanMap;
  const found = pointsOf(grid, cell);
  const [column, row] = [cell % grid.columns, Math.floor(cell / grid.columns)];
  const place = `${shortTitle(xTitle)} ${placeText(grid.x, column)}${yTitle ? `   ${shortTitle(yTitle)} ${placeText(grid.y, row)}` : ''}`;
  if (found.length === 0) return `${place}   no point`;
  const first = points[found[0]];
  const which = `train ${numberText(first.trainId)}${first.pulse > 0 ? ` pulse ${first.pulse}` : ''}${found.length > 1 ? ` and ${found.length - 1} more` : ''}`;
  return `${place}   ${valueText(values[cell])}   ${which}`;
}

/** A position with as many digits as tell it from the next one. */
function placeText(places: Float64Array, cell: number): string {
  const step = places.length > 1 ? (places[places.length - 1] - places[0]) / (places.length - 1) : 0;
  const digits = step > 0 ? Math.min(9, Math.max(0, 1 - Math.floor(Math.log10(step)))) : 4;
  return String(Number(places[cell].toFixed(digits))).replace('-', '\u2212');
}

/** The last part of a key's name: the whole one is on the axis. */
const shortTitle = (title: string) => title.split(' / ')[0].split('/').pop() ?? title;

interface PictureProps {
  readonly scanMap: ScanMap;
  readonly look: { readonly map: ColourMap; readonly levels: Levels; readonly scale: Scale };
  /** The cell that is shown elsewhere on the page. */
  readonly selected: number | null;
  readonly onHover: (cell: number | null) => void;
  readonly onPick: (cell: number) => void;
  readonly onLevels: (levels: Levels) => void;
}

function MapPicture({ scanMap, look, selected, onHover, onPick, onLevels }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { grid, values, title, xTitle, yTitle } = scanMap;
  const { columns, rows } = grid;
  const { map, levels, scale } = look;
  useEffect(() => {
    if (canvas.current) paintRows(canvas.current, { values, rows, columns }, map, levels, scale);
  }, [values, rows, columns, map, levels, scale]);
  const cellOf = (event: MouseEvent) => {
    const box = canvas.current?.getBoundingClientRect();
    if (!box) return null;
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((box.bottom - event.clientY) / box.height) * rows);
    return row < 0 || column < 0 || row >= rows || column >= columns ? null : row * columns + column;
  };
  const percent = (cell: number, count: number) => `${(100 * (cell + 0.5)) / count}%`;
  return (
    <div className="heat">
      <div className="plot-line">
        <span className="el t2">{yTitle}</span>
        <span className="sp" />
        <span className="el">{title}</span>
      </div>
      <div className="heat-y">
        {tickCells(rows).map((row) => (
          <span key={row} style={{ bottom: percent(row, rows) }}>
            {yTitle && placeText(grid.y, row)}
          </span>
        ))}
      </div>
      <div className="heat-box">
        <canvas
          ref={canvas}
          style={{ imageRendering: 'pixelated' }}
          data-testid="scan-map"
          aria-label={`Map: ${title}`}
          onMouseMove={(event) => onHover(cellOf(event))}
          onMouseLeave={() => onHover(null)}
          onClick={(event) => {
            const cell = cellOf(event);
            if (cell !== null) onPick(cell);
          }}
        />
        {selected !== null && (
          <i
            className="analysis-map-cell"
            data-testid="map-selected"
            style={{
              left: `${(100 * (selected % columns)) / columns}%`,
              bottom: `${(100 * Math.floor(selected / columns)) / rows}%`,
              width: `${100 / columns}%`,
              height: `${100 / rows}%`,
            }}
          />
        )}
      </div>
      <div className="heat-bar">
        <ColourBar image={values} levels={levels} scale={scale} map={map} unit="" onLevels={onLevels} />
      </div>
      <div className="heat-x">
        {tickCells(columns).map((column) => (
          <span key={column} style={{ left: percent(column, columns) }}>
            {placeText(grid.x, column)}
          </span>
        ))}
      </div>
      <div className="plot-line">
        <span className="sp" />
        <span className="el">{xTitle}</span>
      </div>
    </div>
  );
}

/** Cells whose places are written at the axis. */
function tickCells(count: number): number[] {
  const step = Math.max(1, Math.ceil(count / MOST_TICKS));
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
}
