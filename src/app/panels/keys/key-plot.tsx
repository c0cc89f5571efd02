import { IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type KeyView, VIEW_WORDS, valuesOf, viewsOf } from '../../key-views.ts';
import { numberText } from '../../number-text.ts';
import { chosenKey, useRunView } from '../../run-view.ts';
import { session } from '../../session.ts';
import { TRAIN_AXES, type TrainAxis, trainAxisOf } from '../../train-axis.ts';
import { Choices } from '../choices.tsx';
import { HeatMapPlot } from '../heat-map-plot.tsx';
import { QueryState } from '../query-state.tsx';
import { shortKey } from '../source-keys.tsx';
import { TextChanges } from '../text-changes.tsx';
import { KeyCompare } from './key-compare.tsx';
import { KeyCurve } from './key-curve.tsx';
import { KeyPicture } from './key-picture.tsx';
import { KeySeries } from './key-series.tsx';

/** The chosen key, in the way that suits it: against trains, one train, mean, heat map, picture, changes of a text; or against a second key. */
export function KeyPlot() {
  const { run, search, set } = useRunView();
  const [chosen, second] = [chosenKey(search), chosenKey(search, true)];
  const keys = useQuery({
    queryKey: ['keys', run, chosen?.source],
    queryFn: ({ signal }) => session.call('keys', run, { source: chosen?.source ?? '' }, signal),
    enabled: chosen !== null,
  });
  const key = keys.data?.find((each) => each.key === chosen?.key || each.key === `${chosen?.key}.value`);
  if (!chosen || !key) {
    return (
      <section className="pn" aria-label="Plot">
        <div className="pbody">
          {chosen ? (
            <QueryState
              isLoading={keys.isLoading}
              error={keys.error ?? (keys.data ? new Error(`${chosen.source} has no key ${chosen.key}.`) : null)}
              what={shortKey(chosen.key)}
            />
          ) : (
            <div className="state">
              <h2>Choose a key</h2>
              <p>
                Open a source and click one of its keys: it is plotted here. Shift and a click compares a second one.
              </p>
            </div>
          )}
        </div>
      </section>
    );
  }
  const views = viewsOf(key);
  const view = views.find((each) => each === search.get('plot')) ?? views[0];
  const field =
    key.kind === 'record'
      ? (key.fields.find(({ name }) => name === chosen.field)?.name ?? key.fields[0]?.name ?? '')
      : '';
  const shown = { source: chosen.source, key: key.key, field };
  const isComparing = second !== null && key.kind !== 'text';
  const mode = search.get('compare') === 'scatter' ? 'scatter' : 'axis';
  return (
    <section className="pn" aria-label="Plot">
      <div className="ptool">
        <b className="el keyname" title={`${shown.source} ${shown.key}`}>
          {shortKey(shown.key)}
        </b>
        {key.kind === 'record' && (
          <select
            className="selct"
            aria-label="Field"
            value={field}
            onChange={(event) => set({ field: event.target.value })}
          >
            {key.fields.map(({ name, dtype }) => (
              <option key={name} value={name}>
                {name} · {dtype}
              </option>
            ))}
          </select>
        )}
        {isComparing && second ? (
          <>
            <span className="chip second" title={`${second.source} ${second.key}`}>
              <span className="el">with {shortKey(second.key)}</span>
              <button
                type="button"
                aria-label="End the comparison"
                onClick={() => set({ source2: '', key2: '', compare: '' })}
                data-testid="compare-end"
              >
                <IconX size={12} stroke={2} aria-hidden="true" />
              </button>
            </span>
            <Choices
              label="How to compare"
              values={['axis', 'scatter'] as const}
              value={mode}
              wordOf={(each) => (each === 'axis' ? 'second axis' : each)}
              testId="choose"
              onChoose={(compare) => set({ compare })}
            />
          </>
        ) : (
          views.length > 1 && (
            <Choices
              label="View"
              values={views}
              value={view ?? null}
              wordOf={(each) => VIEW_WORDS[each]}
              testId="choose"
              onChoose={(plot) => set({ plot })}
            />
          )
        )}
        {(isComparing ? mode === 'axis' : view === 'trains') && (
          <Choices
            label="Axis"
            values={Object.keys(TRAIN_AXES) as TrainAxis[]}
            value={trainAxisOf(search)}
            wordOf={(each) => TRAIN_AXES[each]}
            testId="choose"
            onChoose={(x) => set({ x })}
          />
        )}
        {!isComparing && view === 'trains' && views.includes('map') && (
          <ElementField
            length={valuesOf(key).length}
            value={search.get('index') ?? ''}
            onValue={(index) => set({ index })}
          />
        )}
      </div>
      {isComparing && second ? (
        <KeyCompare first={shown} second={second} mode={mode} />
      ) : view === undefined ? (
        <div className="pbody">
          <div className="state">
            <h2>This key cannot be read</h2>
            <p>Its type is none that Hutch knows. All other keys of the source can be looked at.</p>
          </div>
        </div>
      ) : (
        <Body view={view} shown={shown} info={key} />
      )}
    </section>
  );
}

interface BodyProps {
  readonly view: KeyView;
  readonly shown: { readonly source: string; readonly key: string; readonly field: string };
  readonly info: Parameters<typeof viewsOf>[0];
}

function Body({ view, shown, info }: BodyProps) {
  if (view === 'texts') return <TextChanges chosen={shown} />;
  if (view === 'picture') return <KeyPicture chosen={shown} info={info} />;
  if (view === 'map') return <HeatMapPlot chosen={shown} word={valuesOf(info).word} />;
  if (view === 'train' || view === 'mean')
    return <KeyCurve chosen={shown} isMean={view === 'mean'} word={valuesOf(info).word} />;
  return <KeySeries chosen={shown} />;
}

interface ElementFieldProps {
  readonly length: number;
  readonly value: string;
  readonly onValue: (value: string) => void;
}

/** Which of a train's values is plotted; empty for their mean. */
function ElementField({ length, value, onValue }: ElementFieldProps) {
  return (
    <label className="element" title={`Plot one of the ${numberText(length)} values of a train instead of their mean`}>
      <span className="t2">value</span>
      <span className="in n">
        <input
          type="number"
          min={0}
          max={length - 1}
          placeholder="mean"
          value={value}
          data-testid="element"
          onChange={(event) => {
            const { value: text } = event.target;
            const number = Number(text);
            if (text === '' || (Number.isInteger(number) && number >= 0 && number < length)) onValue(text);
          }}
        />
      </span>
    </label>
  );
}
