export * from './correct';
export * from './image';
export * from './unshuffle';
export * from './table';
