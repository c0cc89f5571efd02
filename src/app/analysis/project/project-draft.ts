/** The page as it was left, in this browser. */
export interface ProjectDraft {
  /** ms since the epoch. */
  readonly at: number;
  /** What it holds, in words. */
  readonly words: string;
  /** A project file. */
  readonly text: string;
}

/** Masks and pictures are too large for the browser's storage of texts. */
const DATABASE = 'hutch';
const STORE = 'drafts';
/** What this page keeps now, and what the page before it left. */
const NOW = 'geometry-page';
const BEFORE = 'geometry-page-before';

/**
 * Runs one transaction. A browser without a database, or with a full or forbidden one, keeps nothing: the work goes on.
 * @returns the result, or null where there is none
 */
async function inStore<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
  if (typeof indexedDB === 'undefined') return null;
  return new Promise((resolve) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => resolve(null);
    opening.onsuccess = () => {
      const database = opening.result;
      try {
        const transaction = database.transaction(STORE, mode);
        const request = act(transaction.objectStore(STORE));
        transaction.oncomplete = () => resolve(request.result ?? null);
        transaction.onabort = () => resolve(null);
      } catch {
        resolve(null);
      } finally {
        // It is closed when the transaction is over.
        database.close();
      }
    };
  });
}

/** Keeps the page as it is. */
export async function storeProjectDraft(draft: ProjectDraft): Promise<void> {
  await inStore('readwrite', (store) => store.put(draft, NOW));
}

/** The page as it was left before it was opened now; null if nothing was kept. Asked once, when the page opens. */
export async function takeLeftDraft(): Promise<ProjectDraft | null> {
  const left = (await inStore('readonly', (store) => store.get(NOW))) as ProjectDraft | null;
  if (!left) return (await inStore('readonly', (store) => store.get(BEFORE))) as ProjectDraft | null;
  await inStore('readwrite', (store) => store.put(left, BEFORE));
  await inStore('readwrite', (store) => store.delete(NOW));
  return left;
}

/** Forgets what the page before left. */
export async function forgetLeftDraft(): Promise<void> {
  await inStore('readwrite', (store) => store.delete(BEFORE));
}

/** Forgets what this page keeps: it is saved in a file. */
export async function forgetProjectDraft(): Promise<void> {
  await inStore('readwrite', (store) => store.delete(NOW));
}
