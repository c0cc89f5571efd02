import { useState } from 'react';
import { useRunView } from '../run-view.ts';

const LANGUAGES = ['EXtra-data', 'Hutch (TypeScript)'] as const;
const COPIED_MS = 2000;

/** The same data in a script: follows what is chosen. */
export function RunCode() {
  const { info, search } = useRunView();
  const [language, setLanguage] = useState<(typeof LANGUAGES)[number]>('EXtra-data');
  const [isCopied, setCopied] = useState(false);
  const source = search.get('source');
  const key = search.get('key');
  const data = info.data === 'default' ? '' : `, data="${info.data}"`;
  const code =
    language === 'EXtra-data'
      ? [
          'from extra_data import open_run',
          '',
          `run = open_run(${info.proposal.replace(/^p0*/, '')}, ${info.run}${data})`,
          ...(source && key
            ? ['', '# the key shown', `values = run["${source}",`, `             "${key}"].ndarray()`]
            : []),
        ].join('\n')
      : [
          "import { openRun } from 'hutch';",
          '',
          'const run = await openRun({',
          `  path: '${info.path}',`,
          '});',
          ...(source && key
            ? ['', '// the key shown', `const values = await run`, `  .source('${source}')`, `  .key('${key}').read();`]
            : []),
        ].join('\n');
  const copy = async () => {
    await navigator.clipboard.writeText(code);
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_MS);
  };
  return (
    <section className="pn" aria-label="Code">
      <div className="ptool">
        <span className="seg">
          {LANGUAGES.map((each) => (
            <button
              key={each}
              type="button"
              className={language === each ? 'on' : ''}
              aria-pressed={language === each}
              onClick={() => setLanguage(each)}
            >
              {each}
            </button>
          ))}
        </span>
      </div>
      <div className="scroll">
        <pre className="code">{code}</pre>
      </div>
      <div className="pendfoot">
        <span className="t3">follows your selection</span>
        <span className="sp" />
        <button type="button" className="btn" onClick={() => void copy()} style={{ minWidth: 96 }}>
          {isCopied ? 'Copied' : 'Copy code'}
        </button>
      </div>
    </section>
  );
}
