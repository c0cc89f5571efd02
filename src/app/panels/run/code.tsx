import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { codeText, LANGUAGES, type Language } from '../../code-text.ts';
import { valuesOf, viewsOf } from '../../key-views.ts';
import { useKeys } from '../../keyboard.ts';
import { chosenKey, chosenTrain, useRunView } from '../../run-view.ts';
import { session } from '../../session.ts';
import { Choices } from '../choices.tsx';

const COPIED_MS = 2000;

/** The same data in a program: follows what is chosen, and runs as it is printed. */
export function RunCode() {
  const page = useRunView();
  const { run, info, search } = page;
  const [language, setLanguage] = useState<Language>(LANGUAGES[1]);
  const [copied, setCopied] = useState<'' | 'Copied' | 'Select and copy'>('');
  const [first, second] = [chosenKey(search), chosenKey(search, true)];
  const keys = useQuery({
    queryKey: ['keys', run, first?.source],
    queryFn: ({ signal }) => session.call('keys', run, { source: first?.source ?? '' }, signal),
    enabled: first !== null,
  }).data;
  const key = keys?.find((each) => each.key === first?.key);
  const views = key ? viewsOf(key) : [];
  const isRecord = key?.kind === 'record';
  const code = codeText(language, {
    info,
    first: first && { ...first, field: isRecord ? first.field || key.fields[0]?.name || '' : '' },
    second,
    view: views.find((each) => each === search.get('plot')) ?? views[0] ?? 'trains',
    trainId: chosenTrain(page),
    // One element of an entry can be taken before reading; one of several entries cannot.
    index: search.get('index') && key?.entryShape.length === 1 ? Number(search.get('index')) : null,
    isText: key?.kind === 'text',
    length: key ? valuesOf(key).length : 1,
    isPerEntry: key !== undefined && key.entryShape.length === 0 && key.most > 1,
  });
  const copy = async () => {
    // Pages that did not come over https or from this machine may not write to the clipboard.
    const isDone = await navigator.clipboard?.writeText(code).then(
      () => true,
      () => false,
    );
    setCopied(isDone ? 'Copied' : 'Select and copy');
    setTimeout(() => setCopied(''), COPIED_MS);
  };
  useKeys((event) => {
    if (event.key !== 'y' || event.altKey) return false;
    void copy();
    return true;
  });
  return (
    <section className="pn" aria-label="Code">
      <div className="ptool">
        <Choices values={LANGUAGES} value={language} wordOf={(each) => each.split(' ')[0]} onChoose={setLanguage} />
        <span className="sp" />
        <span className="t3">{/\((.+)\)/.exec(language)?.[1]}</span>
      </div>
      <div className="scroll">
        <pre className="code" data-testid="code">
          {code}
        </pre>
      </div>
      <div className="pendfoot">
        <span className="t3">follows your selection</span>
        <span className="sp" />
        <button type="button" className="btn" onClick={() => void copy()} style={{ minWidth: 110 }}>
          {copied || (
            <>
              Copy code <kbd>Y</kbd>
            </>
          )}
        </button>
      </div>
    </section>
  );
}
