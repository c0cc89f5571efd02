import { useState } from 'react';
import { useLeftDraft } from '../../analysis/project/draft-store.ts';
import { decodeProject } from '../../analysis/project/project-decode.ts';
import { showProject } from '../../analysis/project/project-page.ts';
import { useGeometryPage } from '../../geometry/geometry-address.ts';
import '../../style/analysis.css';

const NAME = 'the page as it was left';

/** Offers the page as it was when it was closed; nothing where nothing was left. */
export function AnalysisLeft() {
  const page = useGeometryPage();
  const { left, forget } = useLeftDraft();
  const [fault, setFault] = useState<string | null>(null);
  if (!left) return null;
  const takeUp = async () => {
    try {
      showProject(await decodeProject(left.text, NAME), `${NAME} taken up`, page.set);
      forget();
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <div className="analysis-row analysis-wrap" data-testid="project-left">
      <span className="t2">
        Left {new Date(left.at).toLocaleString('en-GB', { dateStyle: 'short', timeStyle: 'short' })}: {left.words}
      </span>
      <span className="sp" />
      <button
        type="button"
        className="btn"
        title="The page as it was when it was closed, in place of everything here"
        onClick={() => void takeUp()}
      >
        Take up
      </button>
      <button type="button" className="btn" onClick={forget}>
        Forget
      </button>
      {fault && (
        <p className="fault" role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}
