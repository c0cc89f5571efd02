import { useQuery } from '@tanstack/react-query';
import { useId, useMemo } from 'react';
import type { WindowQuantity } from '../../../detector/analysis/pattern-window.ts';
import { WINDOW_QUANTITIES } from '../../../detector/analysis/pattern-window.ts';
import type { BatchResult } from '../../analysis/batch/batch-store.ts';
import { useCurves } from '../../analysis/curve/curve-store.ts';
import { PATTERN_UNITS } from '../../analysis/curve/pattern-unit.ts';
import { type KeyName, keyText, MAP_VALUES, type MapValue, parseKey, useMap } from '../../analysis/map/map-store.ts';
import { useGeometryPage } from '../../geometry/geometry-address.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { session } from '../../session.ts';
import { Field } from '../field.tsx';
import { NumberField, RangeField, Tick } from './number.tsx';

const VALUE_WORDS: Readonly<Record<MapValue, string>> = {
  window: 'window of the pattern',
  region: 'region of the picture',
  key: 'key of the run',
};
const QUANTITY_WORDS: Readonly<Record<WindowQuantity, string>> = {
  mean: 'mean',
  area: 'area',
  height: 'largest value',
  centre: 'centre of mass',
  width: 'width (FWHM)',
};
const DRAWS = 'draws the map';

/** What a map is made of: the value of each point, and where it lies. */
export function MapSettings({ batch }: { readonly batch: BatchResult | null }) {
  const { choice, setChoice } = useMap();
  const { value, scan, isByKeys } = choice;
  const setScan = (change: Partial<typeof scan>) => setChoice({ scan: { ...scan, ...change } });
  return (
    <div className="analysis-settings analysis-map-settings">
      <Choice
        label="Value"
        words={VALUE_WORDS}
        options={MAP_VALUES}
        value={value}
        testId="map-value"
        onChange={(next) => setChoice({ value: next })}
      />
      {value === 'window' && <WindowFields batch={batch} />}
      {value === 'region' && <RegionField />}
      {value === 'key' && (
        <KeyField
          label="Key"
          value={choice.valueKey}
          testId="map-key"
          onChange={(valueKey) => setChoice({ valueKey })}
        />
      )}
      <Choice
        label="Places"
        words={{ count: 'counted, line by line', keys: 'of one or two keys' }}
        options={['count', 'keys']}
        value={isByKeys ? 'keys' : 'count'}
        testId="map-places"
        onChange={(next) => setChoice({ isByKeys: next === 'keys' })}
      />
      {isByKeys ? (
        <>
          <KeyField label="x from" value={choice.xKey} testId="map-x" onChange={(xKey) => setChoice({ xKey })} />
          <KeyField label="y from" value={choice.yKey} testId="map-y" onChange={(yKey) => setChoice({ yKey })} />
          <NumberField
            label="Columns"
            value={choice.columns}
            low={1}
            high={2000}
            isWhole
            none="steps"
            effect={DRAWS}
            testId="map-columns"
            onChange={(columns) => setChoice({ columns })}
          />
          <NumberField
            label="Rows"
            value={choice.rows}
            low={1}
            high={2000}
            isWhole
            none="steps"
            effect={DRAWS}
            testId="map-rows"
            onChange={(rows) => setChoice({ rows })}
          />
        </>
      ) : (
        <>
          <NumberField
            label="Points in a line"
            value={scan.perLine}
            low={1}
            high={2000}
            isWhole
            effect={DRAWS}
            testId="map-per-line"
            onChange={(perLine) => setScan({ perLine: perLine ?? 1 })}
          />
          <NumberField
            label="Points before the first line"
            value={scan.skip}
            low={0}
            high={1e6}
            isWhole
            effect={DRAWS}
            onChange={(skip) => setScan({ skip: skip ?? 0 })}
          />
          <Tick
            label="Every second line runs back"
            isOn={scan.isSnake}
            testId="map-snake"
            onChange={(isSnake) => setScan({ isSnake })}
          />
          <Tick label="Lines run upwards" isOn={scan.isUpwards} onChange={(isUpwards) => setScan({ isUpwards })} />
        </>
      )}
    </div>
  );
}

function WindowFields({ batch }: { readonly batch: BatchResult | null }) {
  const { choice, setChoice } = useMap();
  const zoom = useCurves((state) => state.zoom);
  const curveUnit = useCurves((state) => state.settings.unit);
  // A window keeps the unit that it was typed in.
  const unit = choice.window ? choice.windowUnit : (batch?.unit ?? curveUnit);
  return (
    <>
      <RangeField
        label="Window"
        unit={PATTERN_UNITS[unit].word}
        value={choice.window}
        none="all"
        testId="map-window"
        onChange={(window) => setChoice({ window, windowUnit: unit })}
      />
      <Choice
        label="Of it the"
        words={QUANTITY_WORDS}
        options={WINDOW_QUANTITIES}
        value={choice.quantity}
        testId="map-quantity"
        onChange={(quantity) => setChoice({ quantity })}
      />
      <div className="analysis-row">
        <Tick
          label="Less the line below"
          isOn={choice.isLessLine}
          title="The straight line between the ends of the window is taken off"
          testId="map-line"
          onChange={(isLessLine) => setChoice({ isLessLine })}
        />
        <span className="sp" />
        <button
          type="button"
          className="btn"
          disabled={typeof zoom === 'string'}
          title="What I(q) is zoomed to becomes the window"
          data-testid="map-zoom"
          onClick={() => typeof zoom !== 'string' && setChoice({ window: rounded(zoom), windowUnit: curveUnit })}
        >
          from I(q)
        </button>
      </div>
    </>
  );
}

/** Five digits are finer than a bin. */
const rounded = ([low, high]: readonly [number, number]) =>
  [Number(low.toPrecision(5)), Number(high.toPrecision(5))] as const;

function RegionField() {
  const { choice, setChoice } = useMap();
  const helpers = useGeometry((state) => state.document?.helpers) ?? [];
  if (helpers.length === 0)
    return <p className="t2 analysis-error">Draw a circle or a rectangle on the Helpers panel: it is the region.</p>;
  const chosen = helpers.find(({ id }) => id === choice.helper) ?? helpers[0];
  return (
    <Choice
      label="Region"
      words={Object.fromEntries(helpers.map(({ id, kind }) => [String(id), `${kind} ${id}`]))}
      options={helpers.map(({ id }) => String(id))}
      value={String(chosen.id)}
      testId="map-region"
      onChange={(id) => setChoice({ helper: Number(id) })}
    />
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly words: Readonly<Record<string, string>>;
  readonly options: readonly T[];
  readonly value: T;
  readonly testId: string;
  readonly onChange: (value: T) => void;
}

function Choice<T extends string>({ label, words, options, value, testId, onChange }: ChoiceProps<T>) {
  const id = useId();
  return (
    <div className="fr long">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="selct"
        data-testid={testId}
        value={value}
        onChange={(event) => onChange(event.target.value as T)}
      >
        {options.map((each) => (
          <option key={each} value={each}>
            {words[each]}
          </option>
        ))}
      </select>
    </div>
  );
}

interface KeyFieldProps {
  readonly label: string;
  readonly value: KeyName | null;
  readonly testId: string;
  readonly onChange: (value: KeyName | null) => void;
}

/** A key of the run as `SOURCE key`, with those of motors and other devices as suggestions. */
function KeyField({ label, value, testId, onChange }: KeyFieldProps) {
  const { run, info } = useGeometryPage();
  const list = useId();
  const query = useQuery({
    queryKey: ['keynames', run],
    queryFn: ({ signal }) => session.call('keynames', run ?? { proposal: '', run: 0, data: '' }, {}, signal),
    enabled: run !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const names = query.data;
  const aliases = info?.aliases ?? [];
  const suggested = useMemo(() => {
    const controls = (info?.sources ?? []).filter(({ kind }) => kind === 'control');
    const keys = controls.flatMap(({ name: source }) =>
      (names?.[source] ?? []).filter((key) => key.endsWith('.value')).map((key) => keyText({ source, key })),
    );
    return [...(info?.aliases ?? []).filter(({ isThere, key }) => isThere && key).map(({ alias }) => alias), ...keys];
  }, [info, names]);
  return (
    <>
      <Field
        label={label}
        value={keyText(value)}
        placeholder="SOURCE key, or an alias"
        list={list}
        isText
        effect={DRAWS}
        testId={testId}
        check={(text) => {
          // Names may still be on their way: then it is checked when they are there.
          const key = names ? parseKey(text, names, aliases) : null;
          return typeof key === 'string' ? key : null;
        }}
        onApply={async (text) => {
          const known = names ?? (await query.refetch()).data;
          const key = parseKey(text, known ?? {}, aliases);
          if (typeof key === 'string') return key;
          onChange(key);
          return null;
        }}
      />
      <datalist id={list}>
        {suggested.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </>
  );
}
