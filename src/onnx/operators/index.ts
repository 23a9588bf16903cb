export * from './convolution.js';
export * from './elementwise.js';
export * from './matrix.js';
export * from './normalization.js';
export * from './reduce.js';
export * from './resize.js';
export * from './scan.js';
export * from './shape.js';
