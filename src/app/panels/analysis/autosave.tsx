import { useAutosave } from '../../analysis/autosave/autosave-store.ts';
import { hasFolders } from '../../analysis/autosave/pattern-sink.ts';
import { PATTERN_FORMATS } from '../../analysis/curve/pattern-file.ts';
import { useGeometryPage } from '../../geometry/geometry-address.ts';
import { runStem } from '../../geometry/picture-stem.ts';
import { numberText } from '../../number-text.ts';
import { Tick } from './number.tsx';

/** Saves every new pattern, of a picture or of a row of a batch, in the chosen formats. */
export function AnalysisAutosave() {
  const { isOn, formats, sink, saved, last, fault, isWaiting } = useAutosave();
  const { setFormat, startFolder, startArchive, stop, download } = useAutosave();
  const { run } = useGeometryPage();
  const canFolder = hasFolders();
  const files = `${numberText(saved)} ${saved === 1 ? 'file' : 'files'}`;
  return (
    <div className="sec" data-testid="autosave" title="Each pattern on the page, and each row of a batch">
      <div className="sech">
        Automatic saving<small>each new pattern</small>
      </div>
      <div className="analysis-row analysis-formats">
        {PATTERN_FORMATS.filter((format) => format !== 'csv' && format !== 'png').map((format) => (
          <Tick
            key={format}
            label={`.${format}`}
            title={format === 'fxye' ? 'Over 2θ: choose 2θ above I(q)' : undefined}
            isOn={formats.includes(format)}
            testId={`autosave-${format}`}
            onChange={(isChosen) => setFormat(format, isChosen)}
          />
        ))}
      </div>
      <div className="analysis-row">
        {isOn ? (
          <button type="button" className="btn d" data-testid="autosave-stop" onClick={stop}>
            Stop
          </button>
        ) : (
          <>
            {canFolder && (
              <button
                type="button"
                className="btn"
                disabled={formats.length === 0}
                data-testid="autosave-folder"
                title="Files of the same name there are replaced"
                onClick={() => void startFolder()}
              >
                Into a folder…
              </button>
            )}
            <button
              type="button"
              className="btn"
              disabled={formats.length === 0}
              data-testid="autosave-archive"
              title={
                canFolder
                  ? 'Gathers the files, to be downloaded as one .tar'
                  : 'This browser gives a page no folder (Chromium does, by https or on this computer): the files are downloaded as one .tar'
              }
              onClick={startArchive}
            >
              As an archive
            </button>
          </>
        )}
        {isWaiting && (
          <button
            type="button"
            className="btn p"
            data-testid="autosave-download"
            onClick={() => download(`${run ? runStem(run) : 'run'}-patterns`)}
          >
            Download {files}
          </button>
        )}
      </div>
      {sink && (
        <p className="t2 el" role="status" data-testid="autosave-said" title={last ?? undefined}>
          {isOn ? 'saving' : 'off'}: {files} in {sink.name}
          {last && `, last ${last}`}
        </p>
      )}
      {fault && (
        <p className="fault" role="alert" data-testid="autosave-fault">
          {fault}
        </p>
      )}
    </div>
  );
}
