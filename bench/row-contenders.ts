import { join } from 'node:path';
import { packageRoot } from '../src/support/package.js';
import { beside, bin, type Contender, cores, gunicorn, kerasServe, lacks, script, uvicorn } from './contenders.js';

/** What the file that is posted holds: one row. */
const rowOf = (posted: Buffer) => JSON.parse(posted.toString()).instances[0];

/** The row as a tensor of the Open Inference Protocol. */
function tensorOf(posted: Buffer): object {
  const row = rowOf(posted);
  const values = row.flat();
  if (typeof values[0] === 'string') {
    return { name: 'instances', datatype: 'BYTES', shape: [1, 1], parameters: { content_type: 'str' }, data: values };
  }
  const sides = Array.isArray(row[0]) ? [row.length, row[0].length] : [row.length];
  return { name: 'instances', datatype: 'FP32', shape: [1, ...sides], data: values };
}

/** Those that are asked about rows of numbers, or texts, in JSON: in the order in which they are measured in each round. */
export const rowContenders: Contender[] = [
  { name: 'keras-serve', keras: false, command: kerasServe() },
  {
    name: "the tutorial's server",
    keras: true,
    command: (setup) => [bin(setup, 'python'), script('flask_rows.py')],
  },
  {
    name: `the tutorial's server under gunicorn, ${cores} workers`,
    keras: true,
    command: gunicorn('flask_rows:app'),
  },
  {
    name: 'FastAPI and uvicorn',
    keras: true,
    command: (setup) => [bin(setup, 'python'), script('fastapi_rows.py')],
  },
  {
    name: 'LitServe',
    keras: true,
    command: (setup) => [bin(setup, 'python'), script('litserve_rows.py')],
  },
  {
    name: 'BentoML',
    keras: true,
    command: (setup) => [bin(setup, 'bentoml'), 'serve', 'bentoml_rows:Model', '--port', String(setup.port)],
    environment: { BENTOML_DO_NOT_TRACK: 'True' },
  },
  {
    name: 'Ray Serve',
    keras: true,
    missing: lacks('ray'),
    command: (setup) => [beside(setup, 'ray', 'python'), script('ray_serve_rows.py')],
    environment: { RAY_USAGE_STATS_ENABLED: '0' },
  },
  {
    name: 'MLServer',
    keras: true,
    missing: lacks('mlserver'),
    command: (setup) => [
      'env',
      `MLSERVER_HTTP_PORT=${setup.port}`,
      ...[beside(setup, 'mlserver', 'mlserver'), 'start', script('mlserver_rows')],
    ],
    ask: {
      path: '/v2/models/model/infer',
      contentType: 'application/json',
      body: (posted) => JSON.stringify({ inputs: [tensorOf(posted)] }),
    },
  },
  {
    name: 'pytriton (Triton Inference Server)',
    keras: true,
    missing: lacks('pytriton'),
    command: (setup) => [beside(setup, 'pytriton', 'python'), script('pytriton_rows.py')],
    ask: {
      path: '/v2/models/model/infer',
      contentType: 'application/json',
      body: (posted) => JSON.stringify({ inputs: [tensorOf(posted)] }),
    },
  },
  {
    name: `FastAPI and ONNX Runtime, ${cores} workers`,
    keras: false,
    missing: (_, model) => (model === 'text' ? 'Keras exports no model with a TextVectorization as ONNX' : undefined),
    prepare: (setup) => [bin(setup, 'python'), script('export_onnx.py'), setup.model],
    command: uvicorn('fastapi_onnx_rows:app'),
  },
  {
    name: 'bare Fastify route, no model (the limit)',
    keras: false,
    command: () => [process.execPath, '--import', 'tsx', join(packageRoot, 'bench/contenders/bare-route.ts')],
  },
];
