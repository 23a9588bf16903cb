import { parseInference } from '../protocols/open-inference.js';
import { writeInference } from '../protocols/open-inference-reply.js';
import { parsePredict, writePredict } from '../protocols/tensorflow-serving.js';
import { writePredictions } from './reply-text.js';
import { readInput } from './request-input.js';

/** What is done with JSON, in a thread of its own where it is large. */
export const jsonTasks = { readInput, writePredictions, parsePredict, writePredict, parseInference, writeInference };
export type JsonTasks = typeof jsonTasks;
