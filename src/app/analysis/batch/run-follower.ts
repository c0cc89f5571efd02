import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { create } from 'zustand';
import { useGeometryPage } from '../../geometry/geometry-address.ts';
import { session } from '../../session.ts';
import { useStable } from '../../stable-callback.ts';
import { useBatchRun } from './batch-run.ts';
import { useBatch } from './batch-store.ts';

interface FollowChoice {
  readonly isFollowing: boolean;
  setFollowing(isFollowing: boolean): void;
}

/** Whether the page keeps up with a run that is being written. */
export const useFollowChoice = create<FollowChoice>((set) => ({
  isFollowing: false,
  setFollowing: (isFollowing) => set({ isFollowing }),
}));

/** The run is asked for new trains after this, ms. */
const LOOK_AGAIN_MS = 3000;

/**
 * Keeps up with a run that is being written while it is wanted: the newest train is shown, means are made anew, and a batch goes on
 * with the trains that came.
 */
export function useRunFollower(): void {
  const isFollowing = useFollowChoice((state) => state.isFollowing);
  const { run, detector, choice, set } = useGeometryPage();
  const batchRun = useBatchRun();
  const client = useQueryClient();
  // The page's own question, asked again and again; the server opens a run anew when its files have changed.
  useQuery({
    queryKey: ['run', run?.proposal, run?.run, run?.data],
    queryFn: ({ signal }) => session.call('info', run ?? { proposal: '', run: 0, data: '' }, {}, signal),
    enabled: run !== null && isFollowing,
    refetchInterval: isFollowing ? LOOK_AGAIN_MS : false,
  });
  const place = `${run?.proposal} ${run?.run} ${run?.data} ${detector?.name}`;
  const trains = detector?.trains ?? 0;
  const seen = useRef({ place, trains });
  const takeUp = useStable(() => {
    if (choice.over === 'one') set({ train: String(trains - 1) });
    else void client.invalidateQueries({ queryKey: ['stack', run] });
  });
  useEffect(() => {
    const before = seen.current;
    seen.current = { place, trains };
    if (isFollowing && before.place === place && trains > before.trains) takeUp();
  }, [isFollowing, place, trains, takeUp]);
  const job = useBatch((state) => state.job);
  useEffect(() => {
    // Also when a batch ends: trains may have come while it ran.
    if (isFollowing && batchRun && job === null) void useBatch.getState().extend(batchRun);
  }, [isFollowing, batchRun, job]);
}
