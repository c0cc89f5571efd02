export * from './correct';
export * from './image';
export * from './online';
export * from './unshuffle';
export * from './table';
export * from './pulses';
