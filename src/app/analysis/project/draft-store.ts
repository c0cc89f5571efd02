import { useEffect } from 'react';
import { create } from 'zustand';
import { type GeometryPageView, useGeometryPage } from '../../geometry/geometry-address.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { useConfigurations } from '../configurations/configuration-store.ts';
import { useCurves } from '../curve/curve-store.ts';
import type { Project } from './project.ts';
import {
  forgetLeftDraft,
  forgetProjectDraft,
  type ProjectDraft,
  storeProjectDraft,
  takeLeftDraft,
} from './project-draft.ts';
import { encodeProject } from './project-encode.ts';
import { projectOfPage, projectWords } from './project-page.ts';

interface DraftStore {
  /** What the page before left and nobody took up or forgot. */
  readonly left: ProjectDraft | null;
  forget(): void;
}

/** Offers the page as it was left. */
export const useLeftDraft = create<DraftStore>((set) => ({
  left: null,
  forget() {
    set({ left: null });
    void forgetLeftDraft();
  },
}));

/** The page is kept after the hand rests, ms; masks take a moment to pack. */
const PAUSE_MS = 2500;
let isLeftTaken = false;
let timer: ReturnType<typeof setTimeout> | undefined;
/** Text that is in a file. */
let isSaved = false;

/** Says that everything on the page is in a file now. */
export function noteProjectSaved(): void {
  clearTimeout(timer);
  isSaved = true;
  void forgetProjectDraft();
}

/** Whether there is more on the page than comes by itself with its address. */
function isWorthKeeping({ configurations, overlays, phases }: Project): boolean {
  return (
    configurations.length > 1 ||
    overlays.length > 0 ||
    phases.length > 0 ||
    configurations.some(
      ({ document: { moves, helpers }, state: { mask, correctionPictures } }) =>
        mask !== null ||
        helpers.length > 0 ||
        Object.values(moves).some((level) => level.size > 0) ||
        Object.values(correctionPictures).some((picture) => picture !== null),
    )
  );
}

async function keep(page: Pick<GeometryPageView, 'run' | 'choice'>): Promise<void> {
  if (isSaved) return;
  const project = projectOfPage(page);
  if (!project || !isWorthKeeping(project)) return;
  const at = Date.now();
  await storeProjectDraft({ at, words: projectWords(project), text: await encodeProject(project, at) });
}

/** Keeps the whole page in this browser while somebody works on it, so that a reload or a crash costs nothing. */
export function DraftKeeper(): null {
  const { run, choice } = useGeometryPage();
  useEffect(() => {
    if (isLeftTaken) return;
    isLeftTaken = true;
    void takeLeftDraft().then((left) => useLeftDraft.setState({ left }));
  }, []);
  useEffect(() => {
    const touch = () => {
      isSaved = false;
      clearTimeout(timer);
      timer = setTimeout(() => void keep({ run, choice }), PAUSE_MS);
    };
    const ends = [
      useGeometry.subscribe((now, before) => {
        if (now.document !== before.document || now.mask !== before.mask) touch();
      }),
      useConfigurations.subscribe((now, before) => {
        if (now.configurations !== before.configurations || now.view !== before.view) touch();
      }),
      useCurves.subscribe((now, before) => {
        const isOther =
          now.settings !== before.settings ||
          now.cake !== before.cake ||
          now.overlays !== before.overlays ||
          now.phases !== before.phases ||
          now.background !== before.background ||
          now.corrections !== before.corrections;
        if (isOther) touch();
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [run, choice]);
  return null;
}
