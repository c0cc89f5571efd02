import { IconDeviceFloppy } from '@tabler/icons-react';
import { useState } from 'react';
import { noteProjectSaved } from '../../analysis/project/draft-store.ts';
import { PROJECT_ENDING } from '../../analysis/project/project.ts';
import { decodeProject } from '../../analysis/project/project-decode.ts';
import { encodeProject } from '../../analysis/project/project-encode.ts';
import { projectName, projectOfPage, projectWords, showProject } from '../../analysis/project/project-page.ts';
import { useGeometryPage } from '../../geometry/geometry-address.ts';
import { saveFile } from '../../save-file.ts';
import { FileButton } from './number.tsx';

/** Larger files are no projects: they would fill the memory of a browser. */
const MOST_BYTES = 1 << 30;

interface Said {
  readonly text: string;
  readonly isFault: boolean;
}

/** Saves and opens everything on the page as one file. */
export function AnalysisProjectFile() {
  const page = useGeometryPage();
  const [said, setSaid] = useState<Said | null>(null);
  const attempt = async (act: () => Promise<string>) => {
    try {
      setSaid({ text: await act(), isFault: false });
    } catch (error) {
      setSaid({ text: error instanceof Error ? error.message : String(error), isFault: true });
    }
  };
  const open = async (name: string, text: string) => {
    const project = await decodeProject(text, name);
    showProject(project, `${name} opened`, page.set);
    return `${name}: ${projectWords(project)}`;
  };
  const save = async () => {
    const project = projectOfPage(page);
    if (!project) return 'There is nothing to save yet: choose a run first.';
    const name = projectName(project);
    saveFile(new Blob([await encodeProject(project, Date.now())], { type: 'application/json' }), name);
    noteProjectSaved();
    return `${name} saved: ${projectWords(project)}`;
  };
  return (
    <div className="sec" data-testid="project-file">
      <div className="sech">
        Project file<small>everything on this page</small>
      </div>
      <div className="analysis-row">
        <FileButton
          label="Open…"
          accept={`${PROJECT_ENDING},.json`}
          title="A project in place of everything on this page"
          testId="project-open"
          onFile={(file) =>
            void attempt(async () => {
              if (file.size > MOST_BYTES) throw new Error(`${file.name} has ${file.size} bytes: it is no project.`);
              return open(file.name, await file.text());
            })
          }
        />
        <button type="button" className="btn p" data-testid="project-save" onClick={() => void attempt(save)}>
          <IconDeviceFloppy size={15} stroke={1.7} aria-hidden="true" /> Save
        </button>
      </div>
      {said && (
        <p className={said.isFault ? 'fault' : 't2'} role="status" data-testid="project-said">
          {said.text}
        </p>
      )}
    </div>
  );
}
