import { create } from 'zustand';

interface CakeView {
  readonly view: 'both' | 'before' | 'after';
  /** Whether bins and range are shown. */
  readonly isOpen: boolean;
  set(change: Partial<Pick<CakeView, 'view' | 'isOpen'>>): void;
}

/** How the cake panel looks. */
export const useCakeView = create<CakeView>((set) => ({ view: 'both', isOpen: false, set: (change) => set(change) }));
