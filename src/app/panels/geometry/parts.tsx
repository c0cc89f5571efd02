import { IconArrowBackUp, IconArrowForwardUp, IconClipboardText, IconCopy } from '@tabler/icons-react';
import { type ClipboardEvent, useMemo, useState } from 'react';
import { quadPositions } from '../../../detector/geometry.ts';
import { middleOfPart, NO_MOVE, type PartMove, partsOf } from '../../../detector/refinement/detector-part.ts';
import { useGeometryLook } from '../../geometry/geometry-look.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { DEGREES, moveText, moveTogether } from '../../geometry/move-selected.ts';
import { FARTHEST_PX, movesFromTable, positionsText, UNIT_NAMES, unitMetres } from '../../geometry/part-positions.ts';
import { usePartResiduals } from '../../geometry/part-residuals.ts';
import { numberText } from '../../number-text.ts';
import { CellField } from '../cell-field.tsx';

/** A residual above this is worth a look, below the other it is as good as it gets, px. */
const BAD_PX = 1;
const GOOD_PX = 0.5;

/** Positions of all parts of a level; cells act on Enter. The table is copied and pasted as CSV. */
export function GeometryParts() {
  const document = useGeometry((store) => store.document);
  const geometry = useGeometry((store) => store.geometry);
  const selection = useGeometry((store) => store.selection);
  const select = useGeometry((store) => store.select);
  const { undo, redo } = useGeometry.getState();
  const [canUndo, canRedo] = [useGeometry((s) => s.past.length > 1), useGeometry((s) => s.future.length > 0)];
  const { unit, set } = useGeometryLook();
  const [said, setSaid] = useState<{ readonly text: string; readonly isFault: boolean } | null>(null);
  const { level } = selection;
  const detector = geometry?.detector;
  const residuals = usePartResiduals(level);
  const parts = useMemo(() => (detector ? partsOf(detector, level) : []), [detector, level]);
  const places = useMemo(() => {
    if (!geometry) return [];
    if (level !== 'quadrant') return parts.map((part) => middleOfPart(geometry, part));
    return quadPositions(geometry).map(([x, y]) => [
      x * geometry.detector.positionUnit,
      y * geometry.detector.positionUnit,
    ]);
  }, [geometry, parts, level]);
  if (!document || !geometry || !detector) return <section className="pn" aria-label="Positions" />;
  const metres = unitMetres(unit, detector);
  const farthest = (FARTHEST_PX * detector.pixelSize) / metres;
  const digits = unit === 'px' ? 2 : unit === 'mm' ? 4 : 7;
  const move = (part: number, change: PartMove) =>
    moveTogether(level, new Map([[part, change]]), moveText(parts[part].label, change, detector.pixelSize));
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(positionsText(parts, places, metres, unit));
      setSaid({ text: `${parts.length} rows copied`, isFault: false });
    } catch {
      setSaid({ text: 'This browser does not let pages copy: save the CSV file instead.', isFault: true });
    }
  };
  const take = (text: string) => {
    const taken = movesFromTable(text, places, detector, unit);
    if (typeof taken === 'string') setSaid({ text: taken, isFault: true });
    else {
      moveTogether(level, taken, `${taken.size} positions pasted`);
      setSaid({ text: `${taken.size} of ${parts.length} parts moved`, isFault: false });
    }
  };
  const onPaste = (event: ClipboardEvent) => {
    if (event.target instanceof HTMLInputElement && !event.clipboardData.getData('text').includes('\n')) return;
    event.preventDefault();
    take(event.clipboardData.getData('text'));
  };
  const paste = async () => {
    try {
      take(await navigator.clipboard.readText());
    } catch {
      setSaid({
        text: 'This browser does not let pages read the clipboard: click into the table and press Ctrl V.',
        isFault: true,
      });
    }
  };
  const tools = [
    ['Undo (Ctrl Z)', IconArrowBackUp, undo, canUndo],
    ['Redo (Ctrl Y)', IconArrowForwardUp, redo, canRedo],
    ['Copy as CSV', IconCopy, () => void copy(), true],
    ['Paste CSV', IconClipboardText, () => void paste(), true],
  ] as const;
  return (
    <section className="pn" aria-label="Positions" onPaste={onPaste}>
      <div className="ptool">
        <span
          className="t2 el"
          title={level === 'quadrant' ? 'The point that quadrant positions are given for' : 'The middle of the part'}
        >
          {level === 'quadrant' ? 'Quadrants' : level === 'module' ? 'Modules, middle' : 'Tiles, middle'}
        </span>
        <span className="sp" />
        <select
          className="selct"
          aria-label="Unit"
          value={unit}
          onChange={(event) => set({ unit: event.target.value as typeof unit })}
        >
          {UNIT_NAMES.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        {tools.map(([words, Icon, act, isOn]) => (
          <button
            key={words}
            type="button"
            className="ib"
            aria-label={words}
            title={words}
            disabled={!isOn}
            onClick={act}
          >
            <Icon size={15} stroke={1.7} aria-hidden="true" />
          </button>
        ))}
      </div>
      <div className="scroll">
        <table className="dt positions" data-testid="positions">
          <thead>
            <tr>
              <th>Part</th>
              <th className="n">x / {unit}</th>
              <th className="n">y / {unit}</th>
              <th className="n">angle / °</th>
              <th
                className="n"
                title="How far rings lie beside where they should, root mean square, of the last refinement"
              >
                ring / px
              </th>
            </tr>
          </thead>
          <tbody>
            {parts.map(({ label }, part) => {
              const { shift, angle } = document.moves[level].get(part) ?? NO_MOVE;
              const [x, y] = places[part];
              const at = (axis: 0 | 1, text: string): PartMove => {
                const by = Number(text) * metres - places[part][axis];
                return { shift: axis === 0 ? [by, 0, 0] : [0, by, 0], angle: 0 };
              };
              return (
                <tr
                  key={label}
                  className={selection.part === part ? 'sel' : ''}
                  onClick={() => select({ level, part })}
                  data-testid={`part-${label}`}
                >
                  <td className="b">{label}</td>
                  <CellField
                    label={`${label} x`}
                    value={(x / metres).toFixed(digits)}
                    isChanged={shift[0] !== 0}
                    low={-farthest}
                    high={farthest}
                    onApply={(text) => move(part, at(0, text))}
                  />
                  <CellField
                    label={`${label} y`}
                    value={(y / metres).toFixed(digits)}
                    isChanged={shift[1] !== 0}
                    low={-farthest}
                    high={farthest}
                    onApply={(text) => move(part, at(1, text))}
                  />
                  <CellField
                    label={`${label} angle`}
                    value={(angle * DEGREES).toFixed(3)}
                    isChanged={angle !== 0}
                    low={-360}
                    high={360}
                    onApply={(text) => move(part, { shift: [0, 0, 0], angle: Number(text) / DEGREES - angle })}
                  />
                  <ResidualCell label={label} px={residuals[part] ?? null} />
                </tr>
              );
            })}
          </tbody>
          <ResidualFoot residuals={residuals} />
        </table>
      </div>
      {said && (
        <div className={`pfoot ${said.isFault ? 'err' : ''}`} role="status">
          <span className="el" title={said.text}>
            {said.text}
          </span>
        </div>
      )}
    </section>
  );
}

function ResidualCell({ label, px }: { readonly label: string; readonly px: number | null }) {
  const look = px === null ? '' : px < GOOD_PX ? 'ok' : px > BAD_PX ? 'warn b' : '';
  return (
    <td className={`n ${look}`} data-testid={`residual-${label}`}>
      {px === null ? '' : numberText(px, 2)}
    </td>
  );
}

/** Mean and largest residual of the parts that are known. */
function ResidualFoot({ residuals }: { readonly residuals: readonly (number | null)[] }) {
  const known = residuals.filter((px) => px !== null);
  if (known.length === 0) return null;
  const mean = known.reduce((sum, px) => sum + px, 0) / known.length;
  return (
    <tfoot>
      <tr className="t2">
        <td colSpan={4}>ring residual, mean · max</td>
        <td className="n nw" data-testid="residual-sum">
          {numberText(mean, 2)} · {numberText(Math.max(...known), 2)}
        </td>
      </tr>
    </tfoot>
  );
}
