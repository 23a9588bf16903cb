/** Requests for every route, as bytes, and what is right for an answer. */
import { gzipSync } from 'node:zlib';
import { photo } from '../../test/helpers/app.js';
import { form } from '../../test/helpers/form.js';
import type { Random } from '../fuzz/random.js';

/** A request that isn't on its way yet. */
export interface Request {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
}

export interface Reply {
  status: number;
  body: string;
}

/** A request, and what is wrong with a reply to it: nothing if it is right. */
export interface Exchange {
  request: Request;
  faultOf(reply: Reply): string | undefined;
}

/** The models that are asked: the one that keras-serve brings along, and one that doubles three numbers. */
export const models = { image: 'efficientnet-lite0', numbers: 'double' } as const;

const json = { 'content-type': 'application/json' };
const post = (path: string, body: unknown, headers: Record<string, string> = json): Request => ({
  method: 'POST',
  path,
  headers,
  body: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)),
});
const get = (path: string): Request => ({ method: 'GET', path, headers: {} });

/** The head of a request as it is sent. */
export const headOf = ({ method, path, headers, body }: Request): Buffer =>
  Buffer.from(
    `${method} ${path} HTTP/1.1\r\nHost: chaos\r\n` +
      Object.entries({ ...headers, ...(body && { 'content-length': body.length }) })
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('') +
      '\r\n',
  );

export const bytesOf = (request: Request): Buffer =>
  request.body ? Buffer.concat([headOf(request), request.body]) : headOf(request);

const photos = ['cat.jpg', 'coffee.jpg'].map((name) => {
  const { headers, payload } = form(photo(name));
  return post('/predict', payload, headers);
});

const base64 = photo('cat.jpg').toString('base64');
/** JSON that is small while it is packed. */
const rows = Buffer.from(JSON.stringify({ instances: Array.from({ length: 400_000 }, () => [1, 2, 3]) }));
const packed = gzipSync(rows);

/** Requests that cost the server much: many images, much JSON, packed and not. */
export const heavy: Request[] = [
  post('/predict', { instances: Array.from({ length: 20 }, () => base64) }),
  post(`/models/${models.numbers}/predict`, rows),
  post(`/v1/models/${models.numbers}:predict`, rows),
  ...[`/v1/models/${models.numbers}:predict`, `/v2/models/${models.numbers}/infer`].map((path) =>
    post(path, packed, { ...json, 'content-encoding': 'gzip' }),
  ),
];

/** Bodies for the routes that take one, by the end of their path. */
const bodies: [end: string, make: (path: string) => Request[]][] = [
  [':predict', (path) => [post(path, { instances: [[1, 2, 3]] })]],
  ['/infer', (path) => [post(path, { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }] })]],
  ['/repository/index', (path) => [post(path, {})]],
  [
    '/predict',
    (path) => [
      ...photos.map((request) => ({ ...request, path })),
      post(path, photo('cat.jpg'), { 'content-type': 'image/jpeg' }),
      post(path, { instances: [base64] }),
    ],
  ],
];

/** A request or more for every route in the server's own document, for the files of its pages, and for what there isn't. */
export async function everyRoute(url: string): Promise<Request[]> {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
  const documented = Object.entries(paths).flatMap(([template, methods]) =>
    Object.values(models).flatMap((model) => {
      const path = template
        .replace(/\{(model|name)\}/, model)
        .replace('{version}', '1')
        .replace('{label}', 'stable');
      const make = bodies.find(([end]) => path.endsWith(end))?.[1];
      return 'post' in methods && make ? make(path) : [get(path)];
    }),
  );
  const page = ['/', '/docs', '/docs/', '/openapi.json', '/openapi.yaml'];
  const files = await Promise.all(page.slice(0, 3).map((path) => filesOf(url, path)));
  const odd = ['HEAD', 'OPTIONS', 'DELETE', 'PUT'].map((method) => ({ method, path: '/predict', headers: {} }));
  return [...documented, ...[...page, ...files.flat(), '/nowhere', '/%ff'].map(get), ...odd];
}

/** What a page loads. */
async function filesOf(url: string, path: string): Promise<string[]> {
  const response = await fetch(url + path);
  const html = await response.text();
  return [...html.matchAll(/(?:src|href)="([^"#]+)"/g)]
    .map(([, target]) => new URL(target!, response.url))
    .filter(({ origin }) => origin === new URL(url).origin)
    .map(({ pathname }) => pathname);
}

const expectStatus = ({ status, body }: Reply): string | undefined =>
  status === 200 ? undefined : `status ${status}: ${body.slice(0, 300)}`;

/** The same JSON, but for the last digits of numbers. */
function alike(one: unknown, other: unknown): boolean {
  if (typeof one === 'number' && typeof other === 'number') return Math.abs(one - other) <= 1e-3;
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return one === other;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => alike(one[key as never], (other as Record<string, unknown>)[key]))
  );
}

/** Asks for the doubles of numbers that nobody else asks for, in each protocol. */
const doubling: ((numbers: number[][]) => [Request, (body: string) => unknown])[] = [
  (instances) => [
    post(`/models/${models.numbers}/predict`, { instances }),
    (body) => (JSON.parse(body) as { predictions: unknown }).predictions,
  ],
  (instances) => [
    post(`/v1/models/${models.numbers}:predict`, { instances }),
    (body) => (JSON.parse(body) as { predictions: unknown }).predictions,
  ],
  (numbers) => [
    post(`/v2/models/${models.numbers}/infer`, {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [numbers.length, 3], data: numbers.flat() }],
    }),
    (body) => {
      const { data } = (JSON.parse(body) as { outputs: { data: number[] }[] }).outputs[0]!;
      return numbers.map((_, row) => data.slice(row * 3, row * 3 + 3));
    },
  ],
];

function askForDoubles(random: Random): Exchange {
  // Most are small, some are so large that they go through threads, and count towards the bound on memory.
  const count = random.below(10) === 0 ? 5_000 + random.below(5_000) : 1 + random.below(5);
  const numbers = Array.from({ length: count }, () => [random.below(1000), random.below(1000), random.below(1000)]);
  const [request, read] = random.pick(doubling)(numbers);
  const expected = numbers.map((row) => row.map((number) => number * 2));
  return {
    request,
    faultOf: (reply) =>
      expectStatus(reply) ?? (alike(read(reply.body), expected) ? undefined : 'not the doubles of its numbers'),
  };
}

/** What well-behaved clients ask, with what is right: known beforehand, or as the server answered when it was alone. */
export async function goodExchanges(
  all: readonly Request[],
  ask: (request: Request) => Promise<Reply>,
): Promise<(random: Random) => Exchange> {
  const labels = ['Egyptian_cat', 'espresso'];
  const recorded: Exchange[] = [];
  for (const request of all.filter(({ method, path }) => method === 'GET' && path !== '/metrics'))
    recorded.push(sameAs(request, await ask(request)));
  const images: Exchange[] = [];
  for (const [index, request] of photos.entries()) {
    const reply = await ask(request);
    if (!reply.body.includes(labels[index]!))
      throw new Error(`${labels[index]} isn't in ${reply.status} ${reply.body}`);
    images.push(sameAs(request, reply));
  }
  return (random) => {
    const kind = random.below(4);
    if (kind === 0) return random.pick(images);
    return kind === 1 ? random.pick(recorded) : askForDoubles(random);
  };
}

function sameAs(request: Request, expected: Reply): Exchange {
  const isJson = /^[[{]/.test(expected.body);
  const isSame = ({ status, body }: Reply) =>
    status === expected.status &&
    (body === expected.body || (isJson && alike(JSON.parse(body), JSON.parse(expected.body))));
  return {
    request,
    faultOf: (reply) =>
      isSame(reply) ? undefined : `status ${reply.status}, not as when it was alone: ${reply.body.slice(0, 300)}`,
  };
}
