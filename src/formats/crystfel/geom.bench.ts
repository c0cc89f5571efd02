import { readFileSync } from 'node:fs';
import { golden, readCase, readDoubles } from '../../../test/golden/geometry/golden.ts';
import { type BenchReport, timeCalls } from '../../../tools/measure.ts';
import { geometryFromCrystfel } from '../../detector/geometry-crystfel.ts';
import { updateCrystfel } from '../../detector/geometry-crystfel-update.ts';
import { crystfelFromGeometry } from '../../detector/geometry-crystfel-write.ts';
import { offsetGeometry } from '../../detector/move-geometry.ts';
import { parseGeom } from './geom.ts';

interface WrittenCase {
  readonly file: string;
  readonly tiles_after_reread: { readonly file: string; readonly shape: readonly number[] };
}

/** Reading and writing a .geom file of 128 panels. */
export async function bench(report: BenchReport): Promise<void> {
  const reference = readCase<WrittenCase>(golden, 'cases/write_agipd_tilted.json');
  const text = readFileSync(golden + reference.file, 'utf8');
  const geometry = geometryFromCrystfel(text);
  const expected = readDoubles(golden, reference.tiles_after_reread);
  for (const [i, number] of expected.entries())
    if (Math.abs(geometry.tiles[i] - number) > 1e-12) throw new Error(`tile number ${i} differs from the reference`);
  const moved = offsetGeometry(geometry, [1e-3, 0, 0]);
  if (updateCrystfel(text, geometry) !== text) throw new Error('a file whose panels did not move was changed');

  const note = 'best of many; AGIPD1M, 128 panels, 50 kB';
  const figure = (name: string, call: () => void, limit?: string) =>
    report({ name, value: timeCalls(call).best, unit: 'ms', limit, note });
  figure('.geom, 128 panels: parse', () => void parseGeom(text), '<= 5');
  figure('.geom, 128 panels: geometry of the detector it finds', () => void geometryFromCrystfel(text), '<= 5');
  figure('.geom, 128 panels: write', () => void crystfelFromGeometry(geometry));
  figure('.geom, 128 panels: edit all panels in place', () => void updateCrystfel(text, moved));
}
