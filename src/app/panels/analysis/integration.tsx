import { SPLIT_METHODS, type SplitMethod } from '../../../detector/integration/split-method.ts';
import { useCorrections } from '../../analysis/corrections.ts';
import { correctionWords } from '../../analysis/curve/correction-words.ts';
import { useCurves } from '../../analysis/curve/curve-store.ts';
import { PATTERN_UNITS } from '../../analysis/curve/pattern-unit.ts';
import { METHOD_WORDS } from '../../split-words.ts';
import { AnalysisAbsorption, Correction } from './absorption.tsx';
import { NumberField, RangeField, Tick } from './number.tsx';
import { SavePicture } from './picture.tsx';

/** How curves are made: bins, range, splitting of pixels, and every correction that is on. */
export function AnalysisIntegration() {
  const curves = useCurves();
  const { settings, setSettings, background, corrections, dummy, backgroundScale, backgroundOffset, saveError } =
    curves;
  const unit = PATTERN_UNITS[settings.unit].word;
  const { setScale, setOffset, setDummy } = useCorrections();
  return (
    <section className="pn" aria-label="Integration">
      <div className="scroll">
        <div className="sec">
          <div className="sech">Bins</div>
          <div className="stack">
            <NumberField
              label="Radial bins"
              value={settings.points}
              low={2}
              high={20_000}
              isWhole
              none="auto"
              testId="bins"
              onChange={(points) => setSettings({ points })}
            />
            <RangeField
              label="Radial range"
              unit={unit}
              value={settings.radialRange}
              none="all"
              testId="radial-range"
              onChange={(radialRange) => setSettings({ radialRange })}
            />
            <RangeField
              label="Azimuth range"
              unit="°"
              value={settings.azimuthRange}
              none="all"
              testId="azimuth-range"
              check={(low, high) => (high - low > 360 ? 'once round at most' : null)}
              onChange={(azimuthRange) => setSettings({ azimuthRange })}
            />
            <NumberField
              label="Sectors"
              value={settings.sectors}
              low={1}
              high={36}
              isWhole
              testId="sectors"
              onChange={(sectors) => setSettings({ sectors: sectors ?? 1 })}
            />
            <div className="fr">
              <label htmlFor="analysis-method">Pixels are split by</label>
              <select
                id="analysis-method"
                className="selct"
                data-testid="method"
                value={settings.method}
                onChange={(event) => setSettings({ method: event.target.value as SplitMethod })}
              >
                {SPLIT_METHODS.map((method) => (
                  <option key={method} value={method}>
                    {METHOD_WORDS[method]}
                  </option>
                ))}
              </select>
            </div>
          </div>
        </div>
        <div className="sec">
          <div className="sech">Corrections</div>
          <div className="stack">
            <Tick
              label="Solid angle of each pixel"
              isOn={settings.hasSolidAngle}
              testId="solid-angle"
              onChange={(hasSolidAngle) => setSettings({ hasSolidAngle })}
            />
            <NumberField
              label="Polarisation factor"
              value={settings.polarization}
              low={-1}
              high={1}
              none="off"
              testId="polarization"
              onChange={(polarization) => setSettings({ polarization })}
            />
            <Correction name="dark" label="Dark" />
            <Correction name="flat" label="Flat field" />
            <AnalysisAbsorption />
            <NumberField label="Dummy value" value={dummy} none="none" testId="dummy" onChange={setDummy} />
          </div>
        </div>
        <SavePicture />
        <div className="sec">
          <div className="sech">Background</div>
          <div className="stack">
            <Correction name="background" label="Picture without sample" />
            {corrections.background && (
              <>
                <NumberField label="times" value={backgroundScale} onChange={(value) => setScale(value ?? 1)} />
                <NumberField label="plus" value={backgroundOffset} onChange={(value) => setOffset(value ?? 0)} />
              </>
            )}
            <Tick
              label="Below the peaks, found from the curve"
              isOn={background.kind === 'auto'}
              testId="auto-background"
              onChange={(isOn) =>
                useCurves.setState({
                  background: isOn ? { kind: 'auto', width: widthOf(), iterations: 100, order: 0 } : { kind: 'none' },
                })
              }
            />
            {background.kind === 'auto' && (
              <>
                <NumberField
                  label="Peaks are narrower than"
                  unit={unit}
                  value={background.width}
                  low={0}
                  onChange={(width) => width !== null && useCurves.setState({ background: { ...background, width } })}
                />
                <NumberField
                  label="Rounds"
                  value={background.iterations}
                  low={0}
                  high={2000}
                  isWhole
                  onChange={(iterations) =>
                    iterations !== null && useCurves.setState({ background: { ...background, iterations } })
                  }
                />
                <NumberField
                  label="Polynomial of order"
                  value={background.order === 0 ? null : background.order}
                  low={1}
                  high={60}
                  isWhole
                  none="none"
                  onChange={(order) => useCurves.setState({ background: { ...background, order: order ?? 0 } })}
                />
              </>
            )}
          </div>
        </div>
      </div>
      <div className="pfoot">
        <span className={`grow el ${saveError ? 'err' : ''}`} data-testid="corrections-on">
          {saveError ?? onWords(curves)}
        </span>
      </div>
    </section>
  );
}

/** A fiftieth of the curve. */
function widthOf(): number {
  const x = useCurves.getState().curves?.after[0]?.x;
  return x ? Number(((x[x.length - 1] - x[0]) / 50).toPrecision(2)) : 0.05;
}

function onWords(curves: Parameters<typeof correctionWords>[0]): string {
  const on = correctionWords(curves);
  return on.length === 0 ? 'no correction is on' : `on: ${on.join(', ')}`;
}
