export * from './convolution.js';
export * from './elementwise.js';
export * from './matrix.js';
export * from './reduce.js';
export * from './scan.js';
export * from './shape.js';
