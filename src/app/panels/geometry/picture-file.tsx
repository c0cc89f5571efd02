import { IconX } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { PIXEL_ENDINGS, readPictureFile } from '../../analysis/array-file.ts';
import { type ModulePicture, useGeometry } from '../../geometry/geometry-store.ts';
import { fileWords } from '../../geometry/picture-stem.ts';
import { FileButton } from '../analysis/number.tsx';

/** A picture of a file in place of that of the run, until another one of the run is chosen. */
export function PictureFile() {
  const picture = useGeometry((store) => store.picture);
  const detector = useGeometry((store) => store.document?.start.detector);
  /** The picture of the file, and what was shown before. */
  const [own, setOwn] = useState<{ readonly picture: ModulePicture; readonly before: ModulePicture | null } | null>(
    null,
  );
  const [problem, setProblem] = useState<string | null>(null);
  const isShown = own !== null && picture === own.picture;
  // A picture of many megabytes is not kept for nothing.
  useEffect(() => {
    if (own && picture !== own.picture) setOwn(null);
  }, [own, picture]);
  const open = async (file: File) => {
    if (!detector) return;
    try {
      const data = await readPictureFile(file, detector);
      const [modules, ss, fs] = detector.dataShape;
      const next: ModulePicture = {
        ...{ detector: picture?.detector ?? '', data, shape: [modules, ss, fs], unit: picture?.unit ?? '' },
        ...{ provenance: file.name, stem: fileWords(file.name.replace(/\.[^.]*$/, '')), trainIds: [] },
      };
      setOwn({ picture: next, before: isShown ? own.before : picture });
      useGeometry.getState().setPicture(next);
      setProblem(null);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      <div className="georow">
        <FileButton
          label="Picture of a file"
          accept={PIXEL_ENDINGS}
          title={`.npy, .edf or .tif of ${detector?.name ?? 'the detector'}: (module, ss, fs), or the modules below each other`}
          testId="picture-file"
          onFile={(file) => void open(file)}
        />
        {isShown && (
          <>
            <span className="el" data-testid="picture-file-name">
              {own.picture.provenance}
            </span>
            <button
              type="button"
              className="ib"
              aria-label="Back to the picture of the run"
              title="Back to the picture of the run"
              onClick={() => useGeometry.getState().setPicture(own.before)}
            >
              <IconX size={14} stroke={1.7} aria-hidden="true" />
            </button>
          </>
        )}
      </div>
      {problem && (
        <p className="fault" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
