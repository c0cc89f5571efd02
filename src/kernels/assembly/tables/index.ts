export { polar, widen, widenRuns } from './polar';
export { weigh } from './weights';
export { placeBins, closeBins } from './entries';
export { countWhole, fillWhole } from './whole';
export { boxTile, countIntervals, fillIntervals, countRectangles, fillRectangles } from './boxes';
export { radiiInBins, scanCorners } from './outlines';
export { countColumns, fillColumns } from './columns';
export { countCells, fillCells } from './cells';
