import { writePredictions } from '../catalog/reply-text.js';
import { readInput } from '../catalog/request-input.js';
import { parseInference } from './open-inference.js';
import { writeInference } from './open-inference-reply.js';
import { parsePredict, writePredict } from './tensorflow-serving.js';

/** What is done with JSON, in a thread of its own where it is large. */
export const jsonTasks = { readInput, writePredictions, parsePredict, writePredict, parseInference, writeInference };
export type JsonTasks = typeof jsonTasks;
