import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../src/support/package.js';

/** A server that is measured. */
export interface Contender {
  name: string;
  /** Whether it runs the model with Keras itself. */
  keras: boolean;
  /** The command that starts it; it serves `model` at `port`. */
  command(setup: Setup): string[];
  /** The command that makes what it needs of the model, once. */
  prepare?(setup: Setup): string[];
  environment?: Record<string, string>;
  /** How it is asked where it doesn't take a form at `/predict`, or JSON with `instances`: `posted` is the file that would be sent. */
  ask?: { path: string; contentType: string; body(posted: Buffer): string };
  /** Why it can't be measured here, or asked of this model; undefined when it can. */
  missing?(environment: Environment, model: string): string | undefined;
}

export interface Environment {
  /** The folder of a Python environment with `requirements.txt`. */
  python: string;
}

export interface Setup extends Environment {
  model: string;
  port: number;
}

export const contendersFolder = join(packageRoot, 'bench', 'contenders');
export const script = (name: string) => join(contendersFolder, name);
export const bin = ({ python }: Setup, name: string) => join(python, 'bin', name);
export const cores = availableParallelism();

const nativeLibrary = (): boolean => {
  const addon = join(packageRoot, 'node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node');
  return existsSync(addon);
};

export const kerasServe =
  (...flags: string[]) =>
  ({ model, port }: Setup): string[] => [
    process.execPath,
    join(packageRoot, 'dist/src/cli.js'),
    model,
    '--port',
    String(port),
    '--log-level',
    'warn',
    ...flags,
  ];

/** The programs of another environment beside the first, for those whose packages don't go with the others'. */
export const beside = ({ python }: Environment, name: string, program: string) =>
  join(`${python}-${name}`, 'bin', program);

/** Says which environment is missing. */
export const lacks =
  (name: string) =>
  (environment: Environment): string | undefined =>
    existsSync(beside(environment, name, 'python'))
      ? undefined
      : `there is no environment ${environment.python}-${name}: bench/requirements-${name}.txt has what goes into it`;

export const gunicorn =
  (app: string) =>
  (setup: Setup): string[] => [
    bin(setup, 'gunicorn'),
    '-w',
    String(cores),
    '-b',
    `127.0.0.1:${setup.port}`,
    '--timeout',
    '300',
    app,
  ];

/** As many processes as cores. */
export const uvicorn =
  (app: string) =>
  (setup: Setup): string[] => [
    ...[bin(setup, 'uvicorn'), app, '--workers', String(cores)],
    ...['--port', String(setup.port), '--log-level', 'warning'],
  ];

/** Those that are asked about images, in the order in which they are measured in each round. */
export const imageContenders: Contender[] = [
  { name: 'keras-serve', keras: false, command: kerasServe() },
  {
    name: 'keras-serve on TensorFlow',
    keras: false,
    command: kerasServe('--engine', 'tensorflow'),
    // Without the native library it would be the next one.
    missing: () =>
      nativeLibrary() ? undefined : "TensorFlow's native library is not installed: npm run setup:tensorflow",
  },
  {
    name: 'keras-serve on WebAssembly',
    keras: false,
    command: kerasServe('--engine', 'tensorflow'),
    environment: { KERAS_SERVE_TENSORFLOW_BACKEND: 'wasm' },
  },
  {
    name: "the tutorial's server",
    keras: true,
    command: (setup) => [bin(setup, 'python'), script('flask_tutorial.py')],
  },
  {
    name: `the tutorial's server under gunicorn, ${cores} workers`,
    keras: true,
    command: gunicorn('flask_gunicorn:app'),
  },
  {
    name: 'FastAPI and uvicorn',
    keras: true,
    command: (setup) => [bin(setup, 'python'), script('fastapi_uvicorn.py')],
  },
  {
    name: 'LitServe',
    keras: true,
    command: (setup) => [bin(setup, 'python'), script('litserve_keras.py')],
  },
  {
    name: 'BentoML',
    keras: true,
    command: (setup) => [bin(setup, 'bentoml'), 'serve', 'bentoml_keras:Classifier', '--port', String(setup.port)],
    environment: { BENTOML_DO_NOT_TRACK: 'True' },
  },
  {
    name: 'Ray Serve',
    keras: true,
    missing: lacks('ray'),
    command: (setup) => [beside(setup, 'ray', 'python'), script('ray_serve_keras.py')],
    environment: { RAY_USAGE_STATS_ENABLED: '0' },
  },
  {
    name: 'MLServer',
    keras: true,
    missing: lacks('mlserver'),
    command: (setup) => [
      'env',
      `MLSERVER_HTTP_PORT=${setup.port}`,
      ...[beside(setup, 'mlserver', 'mlserver'), 'start', script('mlserver_keras')],
    ],
    ask: {
      path: '/v2/models/classifier/infer',
      contentType: 'application/json',
      body: (image) =>
        JSON.stringify({
          inputs: [
            {
              name: 'image',
              datatype: 'BYTES',
              shape: [1],
              parameters: { content_type: 'base64' },
              data: [image.toString('base64')],
            },
          ],
        }),
    },
  },
  {
    name: 'pytriton (Triton Inference Server)',
    keras: true,
    missing: lacks('pytriton'),
    command: (setup) => [beside(setup, 'pytriton', 'python'), script('pytriton_keras.py')],
    ask: {
      path: '/v2/models/classifier/infer',
      contentType: 'application/json',
      body: (image) =>
        JSON.stringify({
          inputs: [{ name: 'image', datatype: 'BYTES', shape: [1, 1], data: [image.toString('base64')] }],
        }),
    },
  },
  {
    name: `FastAPI and ONNX Runtime, ${cores} workers`,
    keras: false,
    prepare: (setup) => [bin(setup, 'python'), script('export_onnx.py'), setup.model],
    command: uvicorn('fastapi_onnx:app'),
  },
];

/** Those that are asked about texts: keras-serve first. */
export const textContenders: Contender[] = [
  { name: 'keras-serve', keras: false, command: kerasServe() },
  { name: `Flask under gunicorn, ${cores} workers`, keras: true, command: gunicorn('flask_text:app') },
  {
    name: 'the same, the model called as a function',
    keras: true,
    command: gunicorn('flask_text:app'),
    environment: { CALL: '1' },
  },
];
