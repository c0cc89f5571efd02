import { IconBorderAll, IconCircles, IconTag } from '@tabler/icons-react';
import { useGeometryLook } from '../../geometry/geometry-look.ts';
import { Choices } from '../choices.tsx';

/** Rings, frames and names on or off; front or back. */
export function GeometryToggles() {
  const { hasRings, hasFrames, hasLabels, isFront, set } = useGeometryLook();
  const toggles = [
    ['Rings', 'O', hasRings, () => set({ hasRings: !hasRings }), IconCircles],
    ['Tile frames', 'T', hasFrames, () => set({ hasFrames: !hasFrames }), IconBorderAll],
    ['Names', 'N', hasLabels, () => set({ hasLabels: !hasLabels }), IconTag],
  ] as const;
  return (
    <>
      {toggles.map(([name, key, isOn, toggle, Icon]) => (
        <button
          key={name}
          type="button"
          className={`btn icon ${isOn ? 'on' : ''}`}
          aria-pressed={isOn}
          aria-label={name}
          title={`${name} (${key})`}
          onClick={toggle}
        >
          <Icon size={15} stroke={1.7} aria-hidden="true" />
        </button>
      ))}
      <Choices
        values={[true, false] as const}
        value={isFront}
        wordOf={(side) => (side ? 'Front' : 'Back')}
        titleOf={(side) =>
          side ? 'Seen from the sample: +x to the left (V)' : 'Seen from behind: +x to the right (V)'
        }
        onChoose={(side) => set({ isFront: side })}
      />
    </>
  );
}
