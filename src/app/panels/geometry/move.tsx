import {
  IconArrowDown,
  IconArrowLeft,
  IconArrowRight,
  IconArrowUp,
  IconRotate,
  IconRotateClockwise,
} from '@tabler/icons-react';
import { useEffect } from 'react';
import { NO_MOVE, type PartLevel, type PartMove } from '../../../detector/refinement/detector-part.ts';
import { useGeometryLook } from '../../geometry/geometry-look.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import {
  DEGREES,
  moveSelected,
  moveSelectedOnScreen,
  partLabel,
  turnSelectedOnScreen,
} from '../../geometry/move-selected.ts';
import { Choices } from '../choices.tsx';
import { Field, numberBetween } from '../field.tsx';

const LEVELS: Readonly<Record<PartLevel, string>> = { quadrant: 'Quadrant', module: 'Module', tile: 'Tile' };
const STEPS = [0.1, 1, 10] as const;
/** What a press of a turning button turns by, degrees. */
const TURN_DEG = 0.1;

/** Moves the selected part: by buttons in steps, by fields against the start. */
export function GeometryMove() {
  const document = useGeometry((store) => store.document);
  const selection = useGeometry((store) => store.selection);
  const select = useGeometry((store) => store.select);
  const { isFront, step, isBefore, set } = useGeometryLook();
  const { level, part } = selection;
  const name = document && part !== null ? partLabel(document.start.detector, level, part) : null;
  const isStuck = name === null || isBefore;
  const buttons = [
    ['Turn left', IconRotate, () => turnSelectedOnScreen(TURN_DEG, isFront), '[', 'a1'],
    ['Up', IconArrowUp, () => moveSelectedOnScreen(0, step, isFront), 'Ctrl ↑', 'a2'],
    ['Turn right', IconRotateClockwise, () => turnSelectedOnScreen(-TURN_DEG, isFront), ']', 'a3'],
    ['Left', IconArrowLeft, () => moveSelectedOnScreen(-step, 0, isFront), 'Ctrl ←', 'a4'],
    ['Right', IconArrowRight, () => moveSelectedOnScreen(step, 0, isFront), 'Ctrl →', 'a6'],
    ['Down', IconArrowDown, () => moveSelectedOnScreen(0, -step, isFront), 'Ctrl ↓', 'a8'],
  ] as const;
  return (
    <section className="pn" aria-label="Move">
      <div className="ptool">
        <b data-testid="selected-name">{name ?? 'Nothing selected'}</b>
        <span className="sp" />
        <Choices
          values={Object.keys(LEVELS) as PartLevel[]}
          value={level}
          wordOf={(each) => LEVELS[each]}
          testId="level"
          onChoose={(each) => select({ level: each, part: null })}
        />
      </div>
      <div className="scroll movegrid">
        <div className="movepad">
          {buttons.map(([words, Icon, press, key, place]) => (
            <button
              key={words}
              type="button"
              className={`btn ${place}`}
              aria-label={words}
              title={`${words} (${key})`}
              disabled={isStuck}
              onClick={press}
              data-testid={`move-${words.toLowerCase().replace(' ', '-')}`}
            >
              <Icon size={16} stroke={1.7} aria-hidden="true" />
            </button>
          ))}
          <label className="a5">
            <span className="t3">step</span>
            <select aria-label="Step" value={step} onChange={(event) => set({ step: Number(event.target.value) })}>
              {STEPS.map((each) => (
                <option key={each} value={each}>
                  {each} px
                </option>
              ))}
            </select>
          </label>
        </div>
        <div>
          {document && part !== null ? (
            <MoveFields key={`${level} ${part}`} level={level} part={part} isStuck={isBefore} />
          ) : (
            <p className="emptyline">
              Click a {level} in the picture, or press <kbd>1</kbd> – <kbd>4</kbd>. Then drag it, or use the arrows.
            </p>
          )}
        </div>
      </div>
    </section>
  );
}

interface MoveFieldsProps {
  readonly level: PartLevel;
  readonly part: number;
  readonly isStuck: boolean;
}

/** How far the part is from where it started, in all. */
function MoveFields({ level, part, isStuck }: MoveFieldsProps) {
  const move = useGeometry((store) => store.document?.moves[level].get(part)) ?? NO_MOVE;
  const pixel = useGeometry((store) => store.document?.start.detector.pixelSize ?? 1);
  const set = useGeometryLook((look) => look.set);
  useEffect(() => () => set({ pending: null }), [set]);
  const [x, y, z] = move.shift;
  const fields: readonly {
    readonly label: string;
    readonly unit: string;
    readonly digits: number;
    readonly value: number;
    readonly limit: number;
    readonly further: (value: number) => PartMove;
  }[] = [
    {
      label: 'Δx',
      unit: 'px',
      digits: 3,
      value: x / pixel,
      limit: 1e5,
      further: (to) => ({ shift: [to * pixel - x, 0, 0], angle: 0 }),
    },
    {
      label: 'Δy',
      unit: 'px',
      digits: 3,
      value: y / pixel,
      limit: 1e5,
      further: (to) => ({ shift: [0, to * pixel - y, 0], angle: 0 }),
    },
    {
      label: 'Angle',
      unit: '°',
      digits: 4,
      value: move.angle * DEGREES,
      limit: 360,
      further: (to) => ({ shift: [0, 0, 0], angle: to / DEGREES - move.angle }),
    },
    {
      label: 'Δz',
      unit: 'mm',
      digits: 4,
      value: z * 1e3,
      limit: 1e5,
      further: (to) => ({ shift: [0, 0, to / 1e3 - z], angle: 0 }),
    },
  ];
  return (
    <>
      {fields.map(({ label, unit, digits, value, limit, further }) => (
        <Field
          key={label}
          label={label}
          unit={unit}
          value={String(Number(value.toFixed(digits)))}
          check={isStuck ? () => 'B shows the moved geometry' : numberBetween(-limit, limit)}
          effect="moves"
          onDraft={(text) => set({ pending: text === null ? null : { level, part, move: further(Number(text)) } })}
          onApply={async (text) => {
            moveSelected(further(Number(text)));
            return null;
          }}
          testId={`move-${label}`}
        />
      ))}
    </>
  );
}
