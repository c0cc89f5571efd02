import { create } from 'zustand';
import { isXfelError } from '../../../core/errors.ts';
import { formatPattern, type PatternCurve, type PatternFormat } from '../../../formats/pattern-text.ts';
import { saveFile } from '../../save-file.ts';
import type { PatternUnit } from '../curve/pattern-unit.ts';
import { askForFolder, PatternArchive, type PatternSink } from './pattern-sink.ts';

/** A pattern that is saved by itself. */
export interface SavedPattern {
  /** Name of its files without ending, from run, train and pulse. */
  readonly stem: string;
  readonly unit: PatternUnit;
  readonly curve: PatternCurve;
  /** Remarks in the files. */
  readonly lines: readonly string[];
}

interface AutosaveStore {
  readonly isOn: boolean;
  readonly formats: readonly PatternFormat[];
  /** Where files go now, or went. */
  readonly sink: PatternSink | null;
  /** Files since the start. */
  readonly saved: number;
  readonly last: string | null;
  /** Why files are missing. */
  readonly fault: string | null;
  /** Whether the archive has files that nobody downloaded. */
  readonly isWaiting: boolean;
  setFormat(format: PatternFormat, isChosen: boolean): void;
  /** Saves into a folder that the browser asks for, from now on. */
  startFolder(): Promise<void>;
  /** Gathers files for an archive, from now on. */
  startArchive(): void;
  stop(): void;
  /** Saves a pattern in all chosen formats; does nothing while it is off. Resolves when the files are there. */
  save(pattern: SavedPattern): Promise<void>;
  /** Hands the archive to the browser's downloads; what comes then begins another one. */
  download(folder: string): void;
}

/** The longest name without folder and ending. */
const MOST_NAME = 80;

/** Patterns that are saved by themselves: of each picture on the page, and of each row of a batch. */
export const useAutosave = create<AutosaveStore>((set, get) => {
  /** Files are written one after the other. */
  let tail: Promise<void> = Promise.resolve();
  /** Files that are there: one that is made anew is still one. */
  let names = new Set<string>();
  const start = (sink: PatternSink) => {
    names = new Set();
    set({ sink, isOn: true, saved: 0, last: null, fault: null });
  };
  const write = async (sink: PatternSink, { stem, unit, curve, lines }: SavedPattern): Promise<void> => {
    let omitted: string | null = null;
    for (const format of get().formats) {
      if (format === 'fxye' && unit !== '2th_deg') {
        omitted = '.fxye is left out: it is over 2θ. Choose 2θ above I(q).';
        continue;
      }
      const name = `${stem.slice(0, MOST_NAME)}.${format}`;
      let text: string;
      try {
        text = formatPattern(format, curve, { unit, lines });
      } catch (error) {
        if (!isXfelError(error)) throw error;
        omitted = `.${format} is left out: ${error.message}`;
        continue;
      }
      try {
        await sink.write(name, text);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (get().sink === sink)
          set({ isOn: false, fault: `Stopped: ${name} could not be saved in ${sink.name}. ${reason}` });
        return;
      }
      if (get().sink !== sink) return;
      names.add(name);
      set({ saved: names.size, last: name, ...(sink instanceof PatternArchive ? { isWaiting: true } : {}) });
    }
    if (get().sink === sink) set({ fault: omitted });
  };
  return {
    isOn: false,
    formats: ['xy'],
    sink: null,
    saved: 0,
    last: null,
    fault: null,
    isWaiting: false,
    setFormat(format, isChosen) {
      const others = get().formats.filter((each) => each !== format);
      set({ formats: isChosen ? [...others, format] : others, fault: null });
    },
    async startFolder() {
      try {
        const sink = await askForFolder();
        if (sink) start(sink);
      } catch (error) {
        set({ fault: `The browser gave no folder: ${error instanceof Error ? error.message : String(error)}` });
      }
    },
    startArchive() {
      const { sink, isWaiting } = get();
      // What was gathered before a stop stays.
      if (sink instanceof PatternArchive && isWaiting) set({ isOn: true, fault: null });
      else start(new PatternArchive());
    },
    stop: () => set({ isOn: false }),
    save(pattern) {
      const { isOn, sink } = get();
      if (!isOn || !sink) return Promise.resolve();
      tail = tail.then(() => write(sink, pattern));
      return tail;
    },
    download(folder) {
      const { sink, isOn } = get();
      if (!(sink instanceof PatternArchive) || sink.count === 0) return;
      saveFile(sink.tar(folder), `${folder}.tar`);
      names = new Set();
      set({ isWaiting: false, ...(isOn ? { sink: new PatternArchive() } : {}), saved: 0, last: null });
    },
  };
});
