import { nameOf, useConfigurations } from '../../analysis/configurations/configuration-store.ts';
import { addressOfDetector } from '../../analysis/configurations/same-train.ts';
import { useGeometryPage } from '../../geometry/geometry-address.ts';
import { Choices } from '../choices.tsx';
import '../../style/analysis.css';

/** Which configuration the page shows, and whether curves are those of all together; nothing while there is one. */
export function AnalysisConfigurationBar({ testId }: { readonly testId: string }) {
  const { configurations, active, view, switchTo, setView } = useConfigurations();
  const page = useGeometryPage();
  if (configurations.length < 2) return null;
  const go = (id: number) => {
    const detector = configurations.find((each) => each.id === id)?.detector ?? null;
    if (switchTo(id)) page.set(addressOfDetector(page, detector));
  };
  const included = configurations.filter(({ isIncluded }) => isIncluded).length;
  return (
    <div className="analysis-bar" data-testid={testId}>
      <select
        className="selct grow"
        aria-label="Configuration"
        value={active}
        onChange={(event) => go(Number(event.target.value))}
      >
        {configurations.map((each) => (
          <option key={each.id} value={each.id}>
            {nameOf(each)}
          </option>
        ))}
      </select>
      <Choices
        values={['one', 'combined'] as const}
        value={view}
        wordOf={(each) => (each === 'one' ? 'this' : 'combined')}
        titleOf={(each) =>
          each === 'one' ? 'Only this configuration' : `One curve of ${included} configurations, and one cake`
        }
        testId={testId}
        onChoose={setView}
      />
    </div>
  );
}
