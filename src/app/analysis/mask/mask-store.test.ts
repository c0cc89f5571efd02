import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AGIPD_1M } from '../../../detector/agipd.ts';
import { pixelsInShape } from '../../../detector/analysis/mask-shape.ts';
import { exampleGeometry, pixelPositions } from '../../../detector/geometry.ts';
import { NO_MOVES } from '../../geometry/geometry-document.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import type { MaskRequest } from '../analysis-request.ts';
import { useMask } from './mask-store.ts';

const geometry = exampleGeometry(AGIPD_1M);
const positions = pixelPositions(geometry).data as Float64Array;
const requests: MaskRequest[] = [];
// The worker needs a browser; its own tests call what it calls.
vi.mock('../analysis-client.ts', () => ({
  geometryMessage: () => ({ key: 1 }),
  callAnalysis: async (name: string, request: MaskRequest) => {
    if (name !== 'maskPixels') return undefined;
    requests.push(request);
    return request.kind === 'shape' ? pixelsInShape(request.shape, positions, AGIPD_1M.pixelSize) : null;
  },
}));

const mask = () => useMask.getState();
const count = () => (useGeometry.getState().mask ?? new Uint8Array(0)).reduce((sum, value) => sum + value, 0);
const settled = () => vi.waitFor(() => expect(mask().isBusy).toBe(false));
const drag = async (from: readonly [number, number], to: readonly [number, number]) => {
  mask().draw('press', from);
  mask().draw('move', to);
  mask().draw('release', to);
  await settled();
};

describe('drawing a mask', () => {
  beforeEach(() => {
    useGeometry.getState().load(
      {
        start: geometry,
        origin: 'example',
        text: null,
        moves: NO_MOVES,
        experiment: { distance: 0.16, photonEnergyKeV: 9.3, poni1: 0.001 },
        calibrant: 'LaB6',
        rings: 6,
        helpers: [],
      },
      'loaded',
    );
    useGeometry.getState().setMask(null);
    useMask.setState({ past: [], future: [], draft: null, isErasing: false, tool: null });
    requests.length = 0;
  });

  it('a dragged circle masks, erasing takes away, undo and redo go back and forth', async () => {
    mask().setTool('circle');
    await drag([0.03, 0.04], [0.036, 0.04]);
    const first = count();
    expect(first).toBeGreaterThan(300);
    mask().setErasing(true);
    await drag([0.03, 0.04], [0.033, 0.04]);
    expect(count()).toBeLessThan(first);
    mask().undo();
    expect(count()).toBe(first);
    mask().undo();
    expect(useGeometry.getState().mask).toBeNull();
    mask().redo();
    expect(count()).toBe(first);
  });

  it('a slip of the hand draws nothing; a polygon ends with a double click', async () => {
    mask().setTool('rectangle');
    await drag([0.03, 0.04], [0.0301, 0.04]);
    expect(requests).toEqual([]);
    mask().setTool('polygon');
    for (const place of [
      [0.03, 0.03],
      [0.05, 0.03],
      [0.04, 0.05],
      [0.04, 0.05],
    ] as const)
      mask().draw('press', place);
    mask().finish();
    await settled();
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ shape: { kind: 'polygon', points: { length: 3 } } });
    expect(mask().draft).toBeNull();
  });

  it('an arc is about the beam, and may be drawn clockwise over the cut', async () => {
    mask().setTool('arc');
    await drag([-0.03, -0.002], [-0.035, 0.004]);
    const [request] = requests;
    if (request?.kind !== 'shape' || request.shape.kind !== 'arc') throw new Error('no arc');
    expect(request.shape.centre).toEqual([0, 0.001]);
    const [from, to] = request.shape.anglesDeg;
    expect(to - from).toBeGreaterThan(5);
    expect(to - from).toBeLessThan(20);
  });

  it('grows, shrinks, inverts and loads', async () => {
    mask().setTool('circle');
    await drag([0.03, 0.04], [0.036, 0.04]);
    const first = count();
    mask().grow();
    expect(count()).toBeGreaterThan(first);
    mask().shrink();
    expect(count()).toBeGreaterThanOrEqual(first);
    mask().invert();
    expect(count()).toBeLessThanOrEqual(positions.length / 3 - first);
    const loaded = new Uint8Array(positions.length / 3);
    loaded[5] = 7;
    mask().take(loaded, false);
    expect(count()).toBe(1);
    mask().clear();
    expect(useGeometry.getState().mask).toBeNull();
  });
});
