export * from './correct';
export * from './image';
