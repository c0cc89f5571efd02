import { nameOf, useConfigurations } from '../../analysis/configurations/configuration-store.ts';
import { addressOfDetector } from '../../analysis/configurations/same-train.ts';
import { useGeometryPage } from '../../geometry/geometry-address.ts';
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
      <span className="seg">
        {(['one', 'combined'] as const).map((each) => (
          <button
            key={each}
            type="button"
            className={view === each ? 'on' : ''}
            aria-pressed={view === each}
            title={each === 'one' ? 'Only this configuration' : `One curve of ${included} configurations, and one cake`}
            data-testid={`${testId}-${each}`}
            onClick={() => setView(each)}
          >
            {each === 'one' ? 'this' : 'combined'}
          </button>
        ))}
      </span>
    </div>
  );
}
