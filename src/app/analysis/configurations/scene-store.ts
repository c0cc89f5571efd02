import { create } from 'zustand';
import type { Geometry } from '../../../detector/geometry.ts';
import type { ModulePicture } from '../../geometry/geometry-store.ts';
import { callAnalysis } from '../analysis-client.ts';
import type { CurveSettings, FullExperiment } from '../analysis-request.ts';

/** A configuration that is not on the page, as far as its integration needs it. */
export interface OtherScene {
  readonly id: number;
  readonly name: string;
  readonly geometry: Geometry;
  readonly experiment: FullExperiment;
  readonly settings: CurveSettings;
  readonly scale: number;
  readonly picture: ModulePicture;
  readonly mask: Uint8Array | null;
}

interface SceneStore {
  /** Of the configuration on the page. */
  readonly current: { readonly id: number; readonly name: string; readonly scale: number };
  /** Whether curves and cakes are those of several configurations together. */
  readonly isCombined: boolean;
  /** Whether that on the page is one of them. */
  readonly hasCurrent: boolean;
  /** Those beside it, in their order; null while a picture is on its way. */
  readonly others: readonly OtherScene[] | null;
  /** While one configuration takes the place of another: nothing is made of a mixture of both. */
  readonly isSwitching: boolean;
  /** Why they cannot be combined; null: they can. */
  readonly problem: string | null;
}

/** What the worker integrates. Whoever keeps the configurations writes it. */
export const useScenes = create<SceneStore>(() => ({
  current: { id: 0, name: '', scale: 1 },
  isCombined: false,
  isSwitching: false,
  hasCurrent: true,
  others: [],
  problem: null,
}));

/** What the worker has of each scene. */
const sent = new Map<number, { readonly picture: Float32Array | null; readonly mask: Uint8Array | null }>();

/** Sends a picture and a mask unless the worker has them. Calls that follow see them. */
export function sendPictures(scene: number, picture: Float32Array | null, mask: Uint8Array | null): void {
  const before = sent.get(scene) ?? { picture: null, mask: null };
  if (picture === before.picture && mask === before.mask) return;
  sent.set(scene, { picture, mask });
  // The worker takes calls in their order; this one cannot fail.
  void callAnalysis('setScene', {
    scene,
    ...(picture === before.picture ? {} : { picture }),
    ...(mask === before.mask ? {} : { mask }),
  });
}

/** The scene that is asked about from now on. */
export function chooseScene(scene: number): void {
  void callAnalysis('selectScene', scene);
}

/** Forgets the pictures of a scene. */
export function dropScene(scene: number): void {
  sent.delete(scene);
  void callAnalysis('dropScene', scene);
}
