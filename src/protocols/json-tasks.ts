import { writeInference } from './open-inference/reply.js';
import { parseInference } from './open-inference/request.js';
import { readCsv } from './predict/csv.js';
import { writeCsv } from './predict/csv-reply.js';
import { readForm } from './predict/form.js';
import { writePng } from './predict/picture-reply.js';
import { writePredictions } from './predict/reply.js';
import { readInput } from './predict/request.js';
import { parsePredict, writePredict } from './tensorflow-serving/messages.js';

/** What is done with JSON, in a thread of its own where it is large. */
export const jsonTasks = {
  readInput,
  readForm,
  readCsv,
  writePredictions,
  writePng,
  writeCsv,
  parsePredict,
  writePredict,
  parseInference,
  writeInference,
};
export type JsonTasks = typeof jsonTasks;
