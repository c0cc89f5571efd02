import { useGeometry } from '../geometry/geometry-store.ts';
import { callAnalysis } from './analysis-client.ts';
import type { SceneMessage } from './analysis-request.ts';
import { readPictureFile } from './array-file.ts';
import { remakeProducts } from './curve/curve-runner.ts';
import { useCurves } from './curve/curve-store.ts';

/** Pictures that correct the picture. */
export type CorrectionName = 'dark' | 'flat' | 'original' | 'response' | 'background';

function send(change: SceneMessage): void {
  // Calls are answered in their order, so whatever is asked next sees the change.
  callAnalysis('setScene', change).catch((error: Error) => useCurves.setState({ saveError: error.message }));
  remakeProducts();
}

function set(name: CorrectionName, picture: Float32Array | null, words: string | null): void {
  const { corrections, correctionPictures } = useCurves.getState();
  useCurves.setState({
    corrections: { ...corrections, [name]: words },
    correctionPictures: { ...correctionPictures, [name]: picture },
    saveError: null,
  });
  send({ [name]: picture });
}

/** Numbers of the corrections. */
export function useCorrections() {
  return {
    setScale(backgroundScale: number) {
      useCurves.setState({ backgroundScale });
      send({ backgroundScale });
    },
    setOffset(backgroundOffset: number) {
      useCurves.setState({ backgroundOffset });
      send({ backgroundOffset });
    },
    setDummy(dummy: number | null) {
      useCurves.setState({ dummy });
      send({ dummy });
    },
  };
}

/** One picture that corrects: from a file, or the one on screen. */
export function useCorrection(name: CorrectionName) {
  return {
    words: useCurves((state) => state.corrections[name]),
    async load(file: File) {
      const { geometry } = useGeometry.getState();
      if (!geometry) return;
      try {
        set(name, await readPictureFile(file, geometry.detector), file.name);
      } catch (error) {
        useCurves.setState({ saveError: error instanceof Error ? error.message : String(error) });
      }
    },
    takePicture() {
      const { picture } = useGeometry.getState();
      if (picture) set(name, picture.data, picture.provenance);
    },
    drop: () => set(name, null, null),
  };
}
