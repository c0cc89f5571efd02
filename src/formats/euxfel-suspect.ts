/**
 * Train ids of files without flags (format 0.5) that break the ascending order.
 *
 * At each drop `t[i] >= t[i + 1]` either the earlier ids are too high or the later ones too low: the smaller party is
 * wrong; on a tie the later one.
 * @returns one boolean per train
 * @source EXtra-data suspect trains of format 0.5
 */
export function suspectByOrder(trainIds: readonly number[]): boolean[] {
  const isSuspect = trainIds.map(() => false);
  for (let i = 0; i + 1 < trainIds.length; i++) {
    if (trainIds[i] < trainIds[i + 1]) continue;
    const tooHigh: number[] = [];
    for (let j = 0; j <= i; j++) if (trainIds[j] >= trainIds[i + 1]) tooHigh.push(j);
    const tooLow: number[] = [];
    for (let j = i + 1; j < trainIds.length; j++) if (trainIds[j] <= trainIds[i]) tooLow.push(j);
    for (const j of tooHigh.length < tooLow.length ? tooHigh : tooLow) isSuspect[j] = true;
  }
  return isSuspect;
}
