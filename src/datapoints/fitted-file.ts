import { Type } from 'typebox';
import { readFitted } from '../pickle/fitted.js';
import { partOf } from '../pickle/part.js';
import { readPickle } from '../pickle/read-pickle.js';
import type { NamedFile } from './kind.js';

/** A fitted transformer of scikit-learn in a file, as a card names it. */
export const fittedFile: NamedFile = {
  schema: Type.Unknown(),
  read: (bytes, part) => readFitted(partOf(readPickle(bytes), part)),
};
