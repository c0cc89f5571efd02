import type { AnvilSeat, ObliqueSensor } from '../../../detector/analysis/absorption.ts';
import { PIXEL_ENDINGS } from '../../analysis/array-file.ts';
import { type CorrectionName, useCorrection } from '../../analysis/corrections.ts';
import { useCurves } from '../../analysis/curve/curve-store.ts';
import { FileButton, NumberField, Tick } from './number.tsx';

/** 500 um of silicon at 18 keV. */
const USUAL_SENSOR: ObliqueSensor = { thicknessUm: 500, absorptionLengthUm: 660 };
/** A diamond of 2.2 mm on a seat of boron nitride, in the middle of the beam. */
const USUAL_SEAT: AnvilSeat = {
  diamondThicknessMm: 2.2,
  seatThicknessMm: 5.3,
  innerRadiusMm: 0.4,
  outerRadiusMm: 1.95,
  diamondAbsorptionMm: 13.7,
  seatAbsorptionMm: 14.05,
  tiltDeg: 0,
  tiltDirectionDeg: 0,
  offsetMm: 0,
  offsetDirectionDeg: 0,
};

type SeatField = readonly [
  key: keyof AnvilSeat,
  label: string,
  unit: string,
  range: readonly [low: number, high: number],
];
const SEAT_FIELDS: readonly SeatField[] = [
  ['diamondThicknessMm', 'Diamond thickness', 'mm', [0, 100]],
  ['seatThicknessMm', 'Seat thickness', 'mm', [0, 100]],
  ['innerRadiusMm', 'Hole radius at the diamond', 'mm', [0, 100]],
  ['outerRadiusMm', 'Hole radius at the far side', 'mm', [0, 100]],
  ['diamondAbsorptionMm', 'Absorption length of diamond', 'mm', [1e-6, 1e6]],
  ['seatAbsorptionMm', 'Absorption length of the seat', 'mm', [1e-6, 1e6]],
  ['tiltDeg', 'Tilt', '°', [-89, 89]],
  ['tiltDirectionDeg', 'Tilt towards azimuth', '°', [-360, 360]],
  ['offsetMm', 'Sample off the axis by', 'mm', [0, 100]],
  ['offsetDirectionDeg', 'Offset towards azimuth', '°', [-360, 360]],
];

/** What weakens light between sample and pixel: oblique incidence, an anvil cell's seat, a transfer function. */
export function AnalysisAbsorption() {
  const { settings, setSettings } = useCurves();
  const { oblique, seat } = settings;
  return (
    <>
      <Tick
        label="Oblique incidence on the sensor"
        title="A thin sensor stops more of a ray that crosses it at an angle"
        isOn={oblique !== null}
        testId="oblique"
        onChange={(isOn) => setSettings({ oblique: isOn ? USUAL_SENSOR : null })}
      />
      {oblique && (
        <>
          <NumberField
            label="Sensor thickness"
            unit="µm"
            value={oblique.thicknessUm}
            low={1e-3}
            high={1e6}
            testId="oblique-thickness"
            onChange={(thicknessUm) => thicknessUm !== null && setSettings({ oblique: { ...oblique, thicknessUm } })}
          />
          <NumberField
            label="Absorption length"
            unit="µm"
            value={oblique.absorptionLengthUm}
            low={1e-3}
            high={1e9}
            onChange={(absorptionLengthUm) =>
              absorptionLengthUm !== null && setSettings({ oblique: { ...oblique, absorptionLengthUm } })
            }
          />
        </>
      )}
      <Tick
        label="Diamond and cBN seat of an anvil cell"
        title="Light that goes through the seat beside its conical hole is weaker"
        isOn={seat !== null}
        testId="seat"
        onChange={(isOn) => setSettings({ seat: isOn ? USUAL_SEAT : null })}
      />
      {seat &&
        SEAT_FIELDS.map(([key, label, unit, [low, high]]) => (
          <NumberField
            key={key}
            label={label}
            unit={unit}
            value={seat[key]}
            low={low}
            high={high}
            testId={`seat-${key}`}
            onChange={(value) => value !== null && setSettings({ seat: { ...seat, [key]: value } })}
          />
        ))}
      <Correction name="original" label="Transfer: before" />
      <Correction name="response" label="Transfer: after" />
    </>
  );
}

/** A picture that corrects: what it is, from a file, the one on screen, or off. */
export function Correction({ name, label }: { readonly name: CorrectionName; readonly label: string }) {
  const { words, load, takePicture, drop } = useCorrection(name);
  return (
    <div className="analysis-row">
      <span className="grow el" title={words ?? undefined}>
        {label} <span className="t3">{words ?? 'off'}</span>
      </span>
      {words ? (
        <button type="button" className="btn" onClick={drop}>
          off
        </button>
      ) : (
        <>
          <FileButton
            label="file"
            accept={PIXEL_ENDINGS}
            testId={`load-${name}`}
            title={`${label} from a file, .npy, .edf or .tif: (module, ss, fs), or the modules below each other`}
            onFile={load}
          />
          <button type="button" className="btn" title="Take the picture that is shown now" onClick={takePicture}>
            this picture
          </button>
        </>
      )}
    </div>
  );
}
