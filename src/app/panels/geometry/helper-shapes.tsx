import { IconCirclePlus, IconSquarePlus, IconTrash } from '@tabler/icons-react';
import type { Helper } from '../../geometry/geometry-document.ts';
import { useGeometryLook } from '../../geometry/geometry-look.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { FARTHEST_PX } from '../../geometry/part-positions.ts';
import { CellField } from '../cell-field.tsx';

/** As many lines as can be told apart. @source GeoAssembler */
const MOST = 10;
/** Size of a new one, px. @source GeoAssembler */
const FIRST_PX = 690;
/** A smaller one cannot be seen. */
const LEAST_PX = 0.1;

/** Circles and rectangles over the picture; the selected one is red and is dragged by its line. */
export function GeometryHelpers() {
  const document = useGeometry((store) => store.document);
  const edit = useGeometry((store) => store.edit);
  const { helper: selected, set } = useGeometryLook();
  if (!document) return <section className="pn" aria-label="Helpers" />;
  const { helpers, start } = document;
  const pixel = start.detector.pixelSize;
  const add = (kind: Helper['kind']) => {
    const id = Math.max(0, ...helpers.map((each) => each.id)) + 1;
    const centre = [document.experiment.poni2 ?? 0, document.experiment.poni1 ?? 0] as const;
    const size = [FIRST_PX * pixel, FIRST_PX * pixel] as const;
    edit({ helpers: [...helpers, { id, kind, centre, size, angleDeg: 0 }] }, `${kind} added`);
    set({ helper: id });
  };
  const change = (id: number, next: Partial<Helper>) =>
    edit({ helpers: helpers.map((each) => (each.id === id ? { ...each, ...next } : each)) }, 'helper changed');
  const remove = (id: number) => edit({ helpers: helpers.filter((each) => each.id !== id) }, 'helper removed');
  const px = (metres: number) => (metres / pixel).toFixed(1);
  return (
    <section className="pn" aria-label="Helpers">
      <div className="scroll">
        {helpers.length === 0 ? (
          <p className="emptyline">Circles and rectangles to compare the picture with: up to {MOST}, in pixels.</p>
        ) : (
          <table className="dt" data-testid="helpers">
            <thead>
              <tr>
                <th>Helper</th>
                <th className="n">x</th>
                <th className="n">y</th>
                <th className="n">size</th>
                <th className="n">height</th>
                <th className="n">°</th>
                <th aria-label="Remove" />
              </tr>
            </thead>
            <tbody>
              {helpers.map(({ id, kind, centre, size, angleDeg }) => (
                <tr key={id} className={id === selected ? 'sel' : ''} onClick={() => set({ helper: id })}>
                  <td title={`${(size[0] * 1e3).toFixed(2)} mm`}>{kind === 'circle' ? 'Circle' : 'Rect.'}</td>
                  <CellField
                    label={`x of ${id}`}
                    value={px(centre[0])}
                    isChanged={false}
                    low={-FARTHEST_PX}
                    high={FARTHEST_PX}
                    onApply={(text) => change(id, { centre: [Number(text) * pixel, centre[1]] })}
                  />
                  <CellField
                    label={`y of ${id}`}
                    value={px(centre[1])}
                    isChanged={false}
                    low={-FARTHEST_PX}
                    high={FARTHEST_PX}
                    onApply={(text) => change(id, { centre: [centre[0], Number(text) * pixel] })}
                  />
                  <CellField
                    label={`size of ${id}`}
                    value={px(size[0])}
                    isChanged={false}
                    low={LEAST_PX}
                    high={FARTHEST_PX}
                    onApply={(text) => {
                      const width = Number(text) * pixel;
                      change(id, { size: [width, kind === 'circle' ? width : size[1]] });
                    }}
                  />
                  {kind === 'circle' ? (
                    <td />
                  ) : (
                    <CellField
                      label={`height of ${id}`}
                      value={px(size[1])}
                      isChanged={false}
                      low={LEAST_PX}
                      high={FARTHEST_PX}
                      onApply={(text) => change(id, { size: [size[0], Number(text) * pixel] })}
                    />
                  )}
                  {kind === 'circle' ? (
                    <td />
                  ) : (
                    <CellField
                      label={`angle of ${id}`}
                      value={angleDeg.toFixed(1)}
                      isChanged={false}
                      low={-360}
                      high={360}
                      onApply={(text) => change(id, { angleDeg: Number(text) })}
                    />
                  )}
                  <td className="n">
                    <button type="button" className="ib" aria-label={`Remove helper ${id}`} onClick={() => remove(id)}>
                      <IconTrash size={14} stroke={1.7} aria-hidden="true" />
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      <div className="pendfoot">
        <button
          type="button"
          className="btn"
          disabled={helpers.length >= MOST}
          onClick={() => add('circle')}
          data-testid="add-circle"
        >
          <IconCirclePlus size={15} stroke={1.7} aria-hidden="true" /> Circle
        </button>
        <button
          type="button"
          className="btn"
          disabled={helpers.length >= MOST}
          onClick={() => add('rectangle')}
          data-testid="add-rectangle"
        >
          <IconSquarePlus size={15} stroke={1.7} aria-hidden="true" /> Rectangle
        </button>
        <button
          type="button"
          className="btn"
          disabled={helpers.length === 0}
          onClick={() => edit({ helpers: [] }, 'helpers cleared')}
        >
          Clear
        </button>
      </div>
    </section>
  );
}
