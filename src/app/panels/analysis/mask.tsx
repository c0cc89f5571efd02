import { IconArrowBackUp, IconArrowForwardUp } from '@tabler/icons-react';
import { useEffect, useMemo, useState } from 'react';
import { countMasked } from '../../../detector/analysis/mask-operations.ts';
import { badRegionMask } from '../../../detector/bad-region-mask.ts';
import { geometryMessage } from '../../analysis/analysis-client.ts';
import { maskFile, PIXEL_ENDINGS, PIXEL_FORMATS, type PixelFormat, readMaskFile } from '../../analysis/array-file.ts';
import { followMask, setMaskTool } from '../../analysis/mask/mask-pointer.ts';
import { MASK_TOOLS, type MaskTool, useMask } from '../../analysis/mask/mask-store.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { numberText } from '../../number-text.ts';
import { saveFile } from '../../save-file.ts';
import { Choices } from '../choices.tsx';
import { FileButton, NumberField, Tick } from './number.tsx';
import '../../style/analysis.css';

const SAVE_TITLES: Readonly<Record<PixelFormat, string>> = {
  npy: 'NumPy: uint8 (module, ss, fs)',
  edf: 'pyFAI: uint8 (module * ss, fs), the modules below each other',
  tif: 'Dioptas: uint8 (module * ss, fs), the modules below each other',
};

/** The mask: figures drawn on the picture, thresholds, cosmic rays, grow and shrink, files. Curves, cake and refinement follow it. */
export function AnalysisMask() {
  const { tool, isErasing, isTransparent, past, future, isBusy, error } = useMask();
  const { setErasing, setTransparent, choose, invert, grow, shrink, clear, take, undo, redo } = useMask();
  const mask = useGeometry((state) => state.mask);
  const geometry = useGeometry((state) => state.geometry);
  const picture = useGeometry((state) => state.picture);
  const [low, setLow] = useState<number | null>(null);
  const [high, setHigh] = useState<number | null>(null);
  const [sigma, setSigma] = useState(8);
  useEffect(followMask, []);
  const count = useMemo(() => (mask ? countMasked(mask) : 0), [mask]);
  const total = picture?.data.length ?? 0;
  const load = (isAdded: boolean) => (file: File) => {
    if (!geometry) return;
    readMaskFile(file, geometry.detector)
      .then((loaded) => take(loaded, isAdded))
      .catch((problem: Error) => useMask.setState({ error: problem.message }));
  };
  const isOff = !geometry || isBusy;
  return (
    <section className="pn" aria-label="Mask" data-testid="analysis-mask">
      <div className="ptool" role="toolbar" aria-label="Mask">
        <Choices
          values={Object.keys(MASK_TOOLS) as MaskTool[]}
          value={tool}
          wordOf={(each) => MASK_TOOLS[each]}
          isDisabled={() => !geometry}
          testId="mask"
          onChoose={(each) => setMaskTool(tool === each ? null : each)}
        />
        <span className="sp" />
        <button
          type="button"
          className="ib"
          disabled={past.length === 0}
          aria-label="Undo the last change of the mask"
          title="Undo"
          onClick={undo}
        >
          <IconArrowBackUp size={15} stroke={1.7} aria-hidden="true" />
        </button>
        <button
          type="button"
          className="ib"
          disabled={future.length === 0}
          aria-label="Redo the change of the mask"
          title="Redo"
          onClick={redo}
        >
          <IconArrowForwardUp size={15} stroke={1.7} aria-hidden="true" />
        </button>
      </div>
      <div className="scroll">
        <div className="sec">
          <div className="stack analysis-top">
            <Tick
              label="Figures and limits take pixels out of the mask"
              isOn={isErasing}
              testId="mask-erase"
              onChange={setErasing}
            />
            <Tick label="See the pixels below the mask" isOn={isTransparent} onChange={setTransparent} />
          </div>
        </div>
        <div className="sec">
          <div className="sech">Thresholds and cosmic rays</div>
          <div className="stack">
            <NumberField
              label="Below"
              unit={picture?.unit}
              value={low}
              none="no limit"
              effect="holds for the button below"
              testId="mask-low"
              onChange={setLow}
            />
            <NumberField
              label="Above"
              unit={picture?.unit}
              value={high}
              none="no limit"
              effect="holds for the button below"
              testId="mask-high"
              onChange={setHigh}
            />
            <div className="analysis-row">
              <button
                type="button"
                className="btn"
                disabled={isOff || (low === null && high === null)}
                data-testid="mask-threshold"
                onClick={() => void choose({ kind: 'threshold', low, high })}
              >
                Mask by limits
              </button>
            </div>
            <NumberField
              label="Above their surroundings by"
              unit="σ"
              value={sigma}
              low={2}
              high={100}
              effect="holds for the button below"
              onChange={(value) => value !== null && setSigma(value)}
            />
            <div className="analysis-row">
              <button
                type="button"
                className="btn"
                disabled={isOff || !picture}
                data-testid="mask-cosmic"
                onClick={() => geometry && void choose({ kind: 'cosmic', geometry: geometryMessage(geometry), sigma })}
              >
                Mask cosmic rays
              </button>
            </div>
          </div>
        </div>
        <div className="sec">
          <div className="sech">Whole mask</div>
          <div className="analysis-row analysis-wrap">
            <button type="button" className="btn" disabled={isOff || !mask} data-testid="mask-grow" onClick={grow}>
              Grow
            </button>
            <button type="button" className="btn" disabled={isOff || !mask} data-testid="mask-shrink" onClick={shrink}>
              Shrink
            </button>
            <button type="button" className="btn" disabled={isOff} data-testid="mask-invert" onClick={invert}>
              Invert
            </button>
            <button type="button" className="btn" disabled={isOff || !mask} data-testid="mask-clear" onClick={clear}>
              Clear
            </button>
            {(geometry?.metadata.badRegions?.length ?? 0) > 0 && (
              <button
                type="button"
                className="btn"
                disabled={isOff}
                title="What the geometry file calls bad is masked, too"
                data-testid="mask-bad-regions"
                onClick={() => geometry && take(Uint8Array.from(badRegionMask(geometry).data), true)}
              >
                Add bad regions
              </button>
            )}
          </div>
          <div className="analysis-row analysis-wrap">
            <FileButton
              label="Load"
              accept={PIXEL_ENDINGS}
              title="A mask in place of this one: .npy, .edf (pyFAI), .tif or .mask (Dioptas)"
              testId="mask-load"
              onFile={load(false)}
            />
            <FileButton
              label="Add"
              accept={PIXEL_ENDINGS}
              title="What a file masks is masked too: .npy, .edf (pyFAI), .tif or .mask (Dioptas)"
              testId="mask-add"
              onFile={load(true)}
            />
            <span className="t3">save</span>
            {PIXEL_FORMATS.map((format) => (
              <button
                key={format}
                type="button"
                className="btn"
                disabled={!mask}
                title={SAVE_TITLES[format]}
                data-testid={format === 'npy' ? 'mask-save' : `mask-save-${format}`}
                onClick={() =>
                  mask &&
                  geometry &&
                  saveFile(maskFile(mask, geometry.detector, format), `mask-${geometry.detector.name}.${format}`)
                }
              >
                .{format}
              </button>
            ))}
          </div>
        </div>
        {error && (
          <p className="analysis-error err" role="alert">
            {error}
          </p>
        )}
      </div>
      <div className="pfoot">
        <span className="grow el" data-testid="mask-count">
          {mask
            ? `${numberText(count)} pixels masked, ${numberText((100 * count) / Math.max(1, total || mask.length), 2)} %`
            : 'no pixel is masked'}
        </span>
        <span className="prov">uint8 (module, ss, fs), 1 = masked</span>
      </div>
    </section>
  );
}
