import { PICTURE_FORMATS, type PictureForm, type PictureFormat, pictureFile } from '../../analysis/picture-file.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { saveFile } from '../../save-file.ts';

const FORMS: Readonly<Record<PictureForm, readonly [label: string, title: string]>> = {
  assembled: ['Assembled', 'float32 (y, x) with the present geometry, NaN in gaps'],
  modules: [
    'Modules',
    'float32 (module, ss, fs), below each other in .tif and .edf: fits as dark, flat field or background',
  ],
};

/** Saves the picture that is integrated, in numbers. Colours are saved at the picture itself. */
export function SavePicture() {
  const picture = useGeometry((state) => state.picture);
  const geometry = useGeometry((state) => state.geometry);
  const version = useGeometry((state) => state.version);
  const save = (form: PictureForm, format: PictureFormat) => {
    if (!picture || !geometry) return;
    const name = `${picture.provenance.replaceAll(/[^\p{L}\p{N}]+/gu, '-')}-v${version}-${form}.${format}`;
    saveFile(pictureFile(picture.data, geometry, form, format, picture.provenance), name);
  };
  return (
    <div className="sec">
      <div className="sech">
        Save the picture<small>as it is read, without corrections made here</small>
      </div>
      {(Object.keys(FORMS) as PictureForm[]).map((form) => (
        <div key={form} className="analysis-row" title={FORMS[form][1]}>
          <span className="grow el">{FORMS[form][0]}</span>
          {PICTURE_FORMATS.map((format) => (
            <button
              key={format}
              type="button"
              className="btn"
              disabled={!picture}
              data-testid={`picture-${form}-${format}`}
              onClick={() => save(form, format)}
            >
              .{format}
            </button>
          ))}
        </div>
      ))}
    </div>
  );
}
