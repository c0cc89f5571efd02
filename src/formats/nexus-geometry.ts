import { ndarray } from '../core/ndarray.ts';
import type { Hdf5Writer } from './hdf5-writer.ts';
import type { Triple } from './nexus-transformation.ts';

/** A rectangle of pixels of {@link NexusGeometry}. */
export interface NexusTile {
  /** Of its group: a name when it is written, a path when it was read. */
  readonly name: string;
  /** First index and size in the data (module, ss, fs), or (ss, fs) where they have no axis of modules. */
  readonly origin: readonly number[];
  readonly size: readonly number[];
  /** Outer corner of the first pixel, and steps of one pixel; (x, y, z), m. */
  readonly corner: Triple;
  readonly ss: Triple;
  readonly fs: Triple;
}

/** A detector in the beam, in the frame of our geometries: +x left along the beam, +y up, +z along the beam. */
export interface NexusGeometry {
  readonly detector: string;
  /** Sample to the origin of the positions, m; null where a file does not tell. */
  readonly distance: number | null;
  /** keV. */
  readonly photonEnergyKeV: number | null;
  readonly tiles: readonly NexusTile[];
}

/**
 * Writes one detector as NeXus: `/entry/instrument/NAME` with an NXdetector_module for each tile, whose offset and pixel
 * directions depend on the distance along the beam. NeXus has the same frame (McStas: z along the beam, y up, x left).
 * @source NeXus definitions: NXdetector, NXdetector_module, NXtransformations
 */
export function writeNexusGeometry(writer: Hdf5Writer, geometry: NexusGeometry & { readonly distance: number }): void {
  const scalar = (value: number) => ndarray('float64', [], Float64Array.of(value));
  const group = (path: string, nxClass: string) => {
    writer.group(path);
    writer.attributes(path, { NX_class: nxClass });
  };
  const put = (path: string, value: number, attributes: Readonly<Record<string, string | Triple>>) => {
    writer.write(path, scalar(value));
    writer.attributes(
      path,
      Object.fromEntries(
        Object.entries(attributes).map(([key, given]) => [
          key,
          typeof given === 'string' ? given : ndarray('float64', [3], Float64Array.from(given)),
        ]),
      ),
    );
  };
  const text = (path: string, value: string) => writer.write(path, ndarray('string', [], [value]));
  const integers = (path: string, values: readonly number[]) =>
    writer.write(path, ndarray('int64', [values.length], BigInt64Array.from(values, BigInt)));

  group('/entry', 'NXentry');
  group('/entry/instrument', 'NXinstrument');
  if (geometry.photonEnergyKeV !== null) {
    group('/entry/instrument/beam', 'NXbeam');
    put('/entry/instrument/beam/incident_energy', geometry.photonEnergyKeV, { units: 'keV' });
  }
  const detector = `/entry/instrument/${geometry.detector.replace(/[^A-Za-z0-9_]/g, '_')}`;
  const alongBeam = `${detector}/transformations/distance`;
  group(detector, 'NXdetector');
  text(`${detector}/local_name`, geometry.detector);
  text(`${detector}/depends_on`, alongBeam);
  group(`${detector}/transformations`, 'NXtransformations');
  put(alongBeam, geometry.distance, {
    units: 'm',
    transformation_type: 'translation',
    vector: [0, 0, 1],
    depends_on: '.',
  });
  for (const { name, origin, size, corner, ss, fs } of geometry.tiles) {
    const tile = `${detector}/${name}`;
    const offset = `${tile}/module_offset`;
    group(tile, 'NXdetector_module');
    integers(`${tile}/data_origin`, origin);
    integers(`${tile}/data_size`, size);
    const direct = (path: string, vector: Triple, dependsOn: string) => {
      const length = Math.hypot(...vector);
      const unit: Triple = length > 0 ? (vector.map((n) => n / length) as unknown as Triple) : [0, 0, 1];
      put(path, length, { units: 'm', transformation_type: 'translation', vector: unit, depends_on: dependsOn });
    };
    direct(offset, corner, alongBeam);
    direct(`${tile}/slow_pixel_direction`, ss, offset);
    direct(`${tile}/fast_pixel_direction`, fs, offset);
  }
}
