import { IconBorderAll, IconCircles, IconTag } from '@tabler/icons-react';
import { useGeometryLook } from '../../geometry/geometry-look.ts';

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
      <span className="seg">
        {([true, false] as const).map((side) => (
          <button
            key={String(side)}
            type="button"
            className={isFront === side ? 'on' : ''}
            aria-pressed={isFront === side}
            title={side ? 'Seen from the sample: +x to the left (V)' : 'Seen from behind: +x to the right (V)'}
            onClick={() => set({ isFront: side })}
          >
            {side ? 'Front' : 'Back'}
          </button>
        ))}
      </span>
    </>
  );
}
