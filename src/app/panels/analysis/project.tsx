import '../../style/analysis.css';
import { AnalysisAutosave } from './autosave.tsx';
import { AnalysisConfigurations } from './configurations.tsx';
import { AnalysisProjectFile } from './project-file.tsx';

/** What is beyond one pattern: several configurations, the whole page as a file, patterns that are saved by themselves. */
export function AnalysisProject() {
  return (
    <section className="pn" aria-label="Project" data-testid="analysis-project">
      <div className="scroll">
        <AnalysisConfigurations />
        <AnalysisProjectFile />
        <AnalysisAutosave />
      </div>
    </section>
  );
}
