import { automatic, oneOf, onOff, text, url, whole } from '../parsers.js';
import { setting } from '../setting.js';

/** Which models are served, and what runs them. */
export const modelsSettings = {
  defaultModel: setting({
    value: 'name',
    fallback: 'auto',
    parse: automatic(text),
    description: 'Which of several models /predict is; auto takes the first by name',
  }),
  strict: setting({
    fallback: 'false',
    parse: onOff,
    description: 'Start only when every model can be loaded',
  }),
  noGuess: setting({
    fallback: 'false',
    parse: onOff,
    description: 'Start only when nothing of any model is guessed: what to say in serve.json is named',
  }),
  watch: setting({
    fallback: 'false',
    parse: onOff,
    description: 'Follow changes: models that are new, changed or gone, without a restart',
  }),
  engine: setting({
    value: 'name',
    fallback: 'auto',
    parse: oneOf('auto', 'onnx', 'tensorflow'),
    description:
      'What runs the model: onnx or tensorflow; auto is ONNX Runtime for what it can run, TensorFlow for the rest',
  }),
  processes: setting({
    value: 'number',
    fallback: 'auto',
    parse: automatic(whole(1, 256)),
    description: 'Processes that run the model; auto: one for each core, four at most',
  }),
  threads: setting({
    value: 'number',
    fallback: 'auto',
    parse: automatic(whole(1, 256)),
    description: 'Threads in each of them; auto shares the processors among them, and has all for a lone request',
  }),
  maxBatch: setting({
    value: 'number',
    fallback: 'auto',
    parse: automatic(whole(1, 4096)),
    description: 'Most images or rows in one run of the model; auto goes by their size',
  }),
  cacheFolder: setting({
    value: 'folder',
    fallback: 'auto',
    parse: automatic(text),
    description: "Where compiled models are kept; auto is the user's cache folder",
  }),
  noCache: setting({
    fallback: 'false',
    parse: onOff,
    description: 'Compile the model at every start, and keep nothing',
  }),
  weightsUrl: setting({
    value: 'url',
    fallback: 'https://storage.googleapis.com',
    parse: url,
    description: 'Where the weights of Keras Applications come from; a mirror has the same paths below it',
  }),
};
