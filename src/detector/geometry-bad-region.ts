/** Bad pixels that a geometry file tells of: part of a tile, or a rectangle across the beam whatever lies there. */
export type BadRegion =
  | {
      readonly kind: 'tile';
      /** Starts with `bad`. */
      readonly name: string;
      readonly module: number;
      readonly tile: number;
      /** Half-open, in the data of the module. */
      readonly ssStart: number;
      readonly ssStop: number;
      readonly fsStart: number;
      readonly fsStop: number;
    }
  | {
      readonly kind: 'lab';
      readonly name: string;
      /** m. */
      readonly minX: number;
      readonly maxX: number;
      readonly minY: number;
      readonly maxY: number;
    };
