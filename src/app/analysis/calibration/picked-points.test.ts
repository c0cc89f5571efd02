import { beforeEach, expect, it } from 'vitest';
import { AGIPD_1M } from '../../../detector/agipd.ts';
import { exampleGeometry, pixelPositions } from '../../../detector/geometry.ts';
import { type GeometryDocument, NO_MOVES } from '../../geometry/geometry-document.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { usePictureTool } from '../../geometry/picture-tool.ts';
import { setMaskTool } from '../mask/mask-pointer.ts';
import { useMask } from '../mask/mask-store.ts';
import { followPicks, usePicks } from './picked-points.ts';
import { useRefinement } from './refine-store.ts';

const geometry = exampleGeometry(AGIPD_1M);
const positions = pixelPositions(geometry).data;
const document: GeometryDocument = {
  ...{ start: geometry, origin: 'example', text: null, moves: NO_MOVES, calibrant: 'LaB6', rings: 6, helpers: [] },
  experiment: { distance: 0.16, photonEnergyKeV: 9.3 },
};

beforeEach(() => {
  useGeometry.getState().load(document, 'opened');
  const data = new Float32Array(16 * 512 * 128).fill(1);
  const shape = [16, 512, 128] as const;
  useGeometry.getState().setPicture({
    ...{ detector: 'AGIPD', data, shape, unit: 'keV', provenance: 'run 1', stem: 'r1', trainIds: [] },
  });
  useRefinement.setState({ exposures: [] });
  usePicks.setState({ points: [], isPicking: false, ring: 0 });
});

it('clicks on the picture become points of the chosen ring, and an exposure', () => {
  const end = followPicks();
  usePicks.getState().setPicking(true);
  const click = (pixel: number) =>
    usePictureTool.getState().tool?.onDown?.([positions[3 * pixel], positions[3 * pixel + 1]]);
  click(5000);
  usePicks.getState().setRing(2);
  click(200_000);
  click(300_000);
  // A gap has no peak.
  usePictureTool.getState().tool?.onDown?.([0, 0]);
  expect(usePicks.getState().points.map(({ ring }) => ring)).toEqual([0, 2, 2]);
  expect(usePictureTool.getState().shapes).toHaveLength(6);
  usePicks.getState().removeLast();
  usePicks.getState().use(0.01);
  const [exposure] = useRefinement.getState().exposures;
  expect(exposure).toMatchObject({ name: 'run 1, 2 picked points on LaB6', moreDistance: 0.01 });
  // a = 4.1569 Angstrom: 100 and 111.
  expect(exposure.points[0].spacing).toBeCloseTo(4.157, 2);
  expect(exposure.points[1].spacing).toBeCloseTo(4.157 / Math.sqrt(3), 2);
  expect(usePicks.getState()).toMatchObject({ points: [], isPicking: false });
  expect(usePictureTool.getState()).toMatchObject({ tool: null, shapes: [] });
  end();
});

it('the pointer belongs to one panel: a mask tool and picking put each other away', () => {
  const end = followPicks();
  setMaskTool('circle');
  usePicks.getState().setPicking(true);
  expect(useMask.getState().tool).toBeNull();
  expect(usePictureTool.getState().tool?.words).toMatch(/^Ring 1/);
  setMaskTool('circle');
  expect(usePicks.getState().isPicking).toBe(false);
  expect(usePictureTool.getState().tool?.words).toMatch(/^Circle/);
  setMaskTool(null);
  end();
});
