import { create } from 'zustand';

/** A field that was edited and not applied yet. */
export interface PendingField {
  readonly hasFault: boolean;
  readonly apply: () => Promise<void>;
  readonly discard: () => void;
}

interface PendingFields {
  readonly fields: ReadonlyMap<string, PendingField>;
  note(id: string, field: PendingField | null): void;
}

/** The edited fields on screen: the foot of their panel counts, applies and discards them. */
export const usePendingFields = create<PendingFields>((set, get) => ({
  fields: new Map(),
  note(id, field) {
    const { fields } = get();
    if (!field && !fields.has(id)) return;
    const next = new Map(fields);
    if (field) next.set(id, field);
    else next.delete(id);
    set({ fields: next });
  },
}));
