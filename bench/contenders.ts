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
const script = (name: string) => join(contendersFolder, name);
const bin = ({ python }: Setup, name: string) => join(python, 'bin', name);
const cores = availableParallelism();

const nativeLibrary = (): boolean => {
  const addon = join(packageRoot, 'node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node');
  return existsSync(addon);
};

const kerasServe =
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
const beside = ({ python }: Environment, name: string, program: string) => join(`${python}-${name}`, 'bin', program);

/** Says which environment is missing. */
const lacks =
  (name: string) =>
  (environment: Environment): string | undefined =>
    existsSync(beside(environment, name, 'python'))
      ? undefined
      : `there is no environment ${environment.python}-${name}: bench/requirements-${name}.txt has what goes into it`;

const gunicorn =
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
const uvicorn =
  (app: string) =>
  (setup: Setup): string[] => [
    ...[bin(setup, 'uvicorn'), app, '--workers', String(cores)],
    ...['--port', String(setup.port), '--log-level', 'warning'],
  ];

/** What a server is asked about: each has a contender of its own for both. */
export type Kind = 'images' | 'rows';

/** An image as a tensor of the Open Inference Protocol. */
const imageTensor = (image: Buffer): object => ({
  name: 'image',
  datatype: 'BYTES',
  parameters: { content_type: 'base64' },
  data: [image.toString('base64')],
});

/** The one row that is posted as a tensor of the Open Inference Protocol. */
function rowTensor(posted: Buffer): object {
  const row = JSON.parse(posted.toString()).instances[0];
  const data = row.flat();
  if (typeof data[0] === 'string')
    return { name: 'instances', datatype: 'BYTES', shape: [1, 1], parameters: { content_type: 'str' }, data };
  const sides = Array.isArray(row[0]) ? [row.length, row[0].length] : [row.length];
  return { name: 'instances', datatype: 'FP32', shape: [1, ...sides], data };
}

/** How servers of the Open Inference Protocol are asked. @param imageShape of one image in base64 */
const openInference = (kind: Kind, imageShape: number[]): Contender['ask'] => ({
  path: '/v2/models/model/infer',
  contentType: 'application/json',
  body: (posted) => {
    const tensor = kind === 'rows' ? rowTensor(posted) : { ...imageTensor(posted), shape: imageShape };
    return JSON.stringify({ inputs: [tensor] });
  },
});

/** Servers of other people's, in the order in which they are measured in each round. */
const otherServers = (kind: Kind): Contender[] => [
  {
    name: "the tutorial's server",
    keras: true,
    command: (setup) => [bin(setup, 'python'), script(kind === 'images' ? 'flask_tutorial.py' : 'flask_rows.py')],
  },
  {
    name: `the tutorial's server under gunicorn, ${cores} workers`,
    keras: true,
    command: gunicorn(`flask_${kind}:app`),
  },
  {
    name: 'FastAPI and uvicorn',
    keras: true,
    command: (setup) => [bin(setup, 'python'), script(`fastapi_${kind}.py`)],
  },
  {
    name: 'LitServe',
    keras: true,
    command: (setup) => [bin(setup, 'python'), script(`litserve_${kind}.py`)],
  },
  {
    name: 'BentoML',
    keras: true,
    command: (setup) => [bin(setup, 'bentoml'), 'serve', `bentoml_${kind}:Model`, '--port', String(setup.port)],
    environment: { BENTOML_DO_NOT_TRACK: 'True' },
  },
  {
    name: 'Ray Serve',
    keras: true,
    missing: lacks('ray'),
    command: (setup) => [beside(setup, 'ray', 'python'), script(`ray_serve_${kind}.py`)],
    environment: { RAY_USAGE_STATS_ENABLED: '0' },
  },
  {
    name: 'MLServer',
    keras: true,
    missing: lacks('mlserver'),
    command: (setup) => [
      'env',
      `MLSERVER_HTTP_PORT=${setup.port}`,
      ...[beside(setup, 'mlserver', 'mlserver'), 'start', script(`mlserver_${kind}`)],
    ],
    ask: openInference(kind, [1]),
  },
  {
    name: 'pytriton (Triton Inference Server)',
    keras: true,
    missing: lacks('pytriton'),
    command: (setup) => [beside(setup, 'pytriton', 'python'), script(`pytriton_${kind}.py`)],
    ask: openInference(kind, [1, 1]),
  },
  {
    name: `FastAPI and ONNX Runtime, ${cores} workers`,
    keras: false,
    missing: (_, model) => (model === 'text' ? 'Keras exports no model with a TextVectorization as ONNX' : undefined),
    prepare: (setup) => [bin(setup, 'python'), script('export_onnx.py'), setup.model],
    command: uvicorn(`fastapi_onnx_${kind}:app`),
  },
];

/** Those that are asked about images, keras-serve first, and about rows of numbers, or texts, in JSON. */
export const contenders: Readonly<Record<Kind, Contender[]>> = {
  images: [
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
    ...otherServers('images'),
  ],
  rows: [
    { name: 'keras-serve', keras: false, command: kerasServe() },
    ...otherServers('rows'),
    {
      name: 'bare Fastify route, no model (the limit)',
      keras: false,
      command: () => [process.execPath, '--import', 'tsx', script('bare-route.ts')],
    },
  ],
};

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
