import { IconFileUpload } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { DroppedRun } from '../data-calls.ts';
import { filesOfDrop, filesOfPick, groupAddresses, groupRuns } from '../dropped-items.ts';
import { numberText } from '../number-text.ts';
import { DROPPED, session } from '../session.ts';
import { useStable } from '../stable-callback.ts';

interface DropFilesProps {
  readonly children: ReactNode;
}

/** Opens HDF5 files of this computer in the browser: dropped anywhere on the page, picked, or by their address. Nothing is uploaded. */
export function DropFiles({ children }: DropFilesProps) {
  const [isOver, setOver] = useState(false);
  const [opening, setOpening] = useState<string | null>(null);
  const open = useOpenRuns(setOpening);
  const drop = useStable(async (event: DragEvent) => {
    const transfer = event.dataTransfer;
    if (!transfer?.types.includes('Files')) return;
    event.preventDefault();
    setOver(false);
    await open(filesOfDrop(transfer).then(groupRuns));
  });
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    window.addEventListener('dragover', over);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', over);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
    };
  }, [drop]);
  return (
    <>
      {children}
      {(isOver || opening) && (
        <div className="dropping" role="status">
          <IconFileUpload size={40} stroke={1.3} aria-hidden="true" />
          <h2>{opening ? `Opening ${opening}` : 'Drop HDF5 files or a run folder'}</h2>
          <p>They are read by this browser. Nothing is uploaded.</p>
        </div>
      )}
    </>
  );
}

/** The buttons and the address field that do the same as a drop. */
export function PickFiles() {
  const [opening, setOpening] = useState<string | null>(null);
  const [isAsking, setAsking] = useState(false);
  const [address, setAddress] = useState('');
  const [reason, setReason] = useState<string | null>(null);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const open = useOpenRuns(setOpening);
  const pick = async (list: FileList | null) => {
    const runs = groupRuns(filesOfPick(list));
    if (runs.length > 0) await open(Promise.resolve(runs));
  };
  const openAddress = async () => {
    const run = groupAddresses(address);
    if (typeof run === 'string') return setReason(run);
    setReason(null);
    await open(Promise.resolve([run]));
  };
  return (
    <>
      <button
        type="button"
        className="btn"
        onClick={() => files.current?.click()}
        title="HDF5 files of one run; several make one run"
      >
        Open files
      </button>
      <button
        type="button"
        className="btn"
        onClick={() => folder.current?.click()}
        title="A run folder; each folder below it is a run"
      >
        Open folder
      </button>
      <button
        type="button"
        className={`btn ${isAsking ? 'on' : ''}`}
        aria-pressed={isAsking}
        onClick={() => setAsking(!isAsking)}
        title="Files on a web server that answers range requests"
        data-testid="open-address"
      >
        Open address
      </button>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        accept=".h5,.hdf5,.cxi"
        data-testid="pick-files"
        onChange={(event) => {
          void pick(event.target.files).finally(() => {
            if (files.current) files.current.value = '';
          });
        }}
      />
      <input
        ref={folder}
        type="file"
        hidden
        // React does not know the name, browsers do.
        {...{ webkitdirectory: '' }}
        data-testid="pick-folder"
        onChange={(event) => void pick(event.target.files)}
      />
      {isAsking && (
        <form
          className="address"
          onSubmit={(event) => {
            event.preventDefault();
            void openAddress();
          }}
        >
          <span className={`in text grow ${reason ? 'iv' : ''}`}>
            <input
              aria-label="Addresses of HDF5 files"
              placeholder="https://…/RAW-R0004-DA01-S00000.h5  (several with spaces between them)"
              value={address}
              data-testid="address"
              // biome-ignore lint/a11y/noAutofocus: the field was just asked for
              autoFocus
              onChange={(event) => setAddress(event.target.value)}
              onKeyDown={(event) => event.key === 'Escape' && setAsking(false)}
            />
          </span>
          <button type="submit" className="btn p" disabled={opening !== null}>
            {opening ? 'Opening …' : 'Open'}
          </button>
          <span className={reason ? 'err' : 't3'}>{reason ?? 'The parts that you look at are read by ranges.'}</span>
        </form>
      )}
    </>
  );
}

/** Opens runs one after the other, and shows the first. */
function useOpenRuns(setOpening: (what: string | null) => void) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  return useStable(async (found: Promise<readonly DroppedRun[]>) => {
    try {
      const numbers: number[] = [];
      for (const run of await found) {
        setOpening(`${run.label} (${numberText(run.files.length)} ${run.files.length === 1 ? 'file' : 'files'})`);
        numbers.push((await session.addFiles(run)).run);
      }
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['proposals'] }),
        queries.invalidateQueries({ queryKey: ['runs', DROPPED] }),
      ]);
      if (numbers.length > 0) navigate(`/runs?proposal=${DROPPED}&run=${numbers[0]}`);
    } finally {
      setOpening(null);
    }
  });
}
