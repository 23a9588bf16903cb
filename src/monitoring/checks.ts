import type { ChecksOf } from './check.js';
import { blankImages } from './checks/blank-images.js';
import { constantPredictions } from './checks/constant-predictions.js';
import { notANumber } from './checks/not-a-number.js';
import { singleClass } from './checks/single-class.js';
import { trainingServingSkew } from './checks/training-serving-skew.js';
import { uniformPredictions } from './checks/uniform-predictions.js';

/** All that is looked for. */
export const checks: readonly ChecksOf[] = [
  trainingServingSkew,
  blankImages,
  notANumber,
  uniformPredictions,
  singleClass,
  constantPredictions,
];
