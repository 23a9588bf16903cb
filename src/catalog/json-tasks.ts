import { writePredictions } from './reply-text.js';
import { readInput } from './request-input.js';

/** What is done with JSON, in a thread of its own where it is large. */
export const jsonTasks = { readInput, writePredictions };
export type JsonTasks = typeof jsonTasks;
