import { fileMode, listeningHost } from './hosts.js';
import {
  automatic,
  bytes,
  duration,
  host,
  list,
  memory,
  oneOf,
  onOff,
  optional,
  origin,
  type Parser,
  rate,
  text,
  url,
  webhookSecret,
  whole,
} from './parsers.js';
import { basePath } from './paths.js';
import { proxy } from './proxies.js';
import { routeGroupNames } from './route-groups.js';

/** One thing that can be set: flag, environment variables, help and the README's table all come from it. */
export interface Setting<T> {
  /**
   * What stands for the value in the help: `<port>`. A setting without is a switch: on when it is named. A `file` or `folder` in a
   * configuration file is beside that.
   */
  value?: string;
  /** The default, as a user would type it. */
  fallback: string;
  description: string;
  parse: Parser<T>;
  /** Whether it is a list: its flag may stand several times, and each may name several with commas between. */
  repeatable?: true;
  /** Environment variables besides `KERAS_SERVE_…`, for platforms that set their own. */
  environment?: string[];
  /** Whether its value is for nobody's eyes: no message and no command shows it. */
  secret?: true;
}

const setting = <T>(setting: Setting<T>): Setting<T> => setting;

/** Everything that can be set, by its name in {@link Config}. */
export const settings = {
  config: setting({
    value: 'file',
    fallback: 'none',
    parse: optional(text),
    description: 'File of settings, in YAML or JSON: options by their names, and models, a list of what is served',
  }),
  host: setting({
    value: 'address',
    fallback: 'localhost',
    parse: listeningHost,
    description:
      'Address to listen on; 0.0.0.0 lets other machines in, unix:/run/keras-serve.sock listens on a Unix socket, fd:3 on the one that systemd gives, both without a port',
  }),
  port: setting({
    value: 'number',
    fallback: '5000',
    parse: whole(0, 65535),
    environment: ['PORT'],
    description: 'Port to listen on; 0 takes a free one',
  }),
  tlsCert: setting({
    value: 'file',
    fallback: 'none',
    parse: optional(text),
    description:
      'Certificate to serve HTTPS with, and those that lead to its issuer, as PEM; followed when it is renewed',
  }),
  tlsKey: setting({
    value: 'file',
    fallback: 'none',
    parse: optional(text),
    description: 'Private key of the certificate, as PEM without a passphrase',
  }),
  corsOrigin: setting({
    value: 'origin',
    fallback: '',
    parse: list(origin),
    repeatable: true,
    description:
      'Origin whose pages may call the API from browsers, such as https://app.example.com; https://*.example.com is all names below it, * any origin. May be repeated',
  }),
  rateLimit: setting({
    value: 'rate',
    fallback: 'none',
    parse: optional(rate),
    description: 'Most requests of one client, such as 100/minute or 5/10s; more get 429',
  }),
  socketMode: setting({
    value: 'mode',
    fallback: '660',
    parse: fileMode,
    description: 'Who may connect to a Unix socket, as the mode of its file: owner and group by default',
  }),
  basePath: setting({
    value: 'path',
    fallback: '/',
    parse: basePath,
    description: 'Path below which everything answers, such as /models-api; health and metrics answer above it, too',
  }),
  trustProxy: setting({
    value: 'address',
    fallback: '',
    parse: list(proxy),
    repeatable: true,
    description:
      'Proxies whose X-Forwarded-… headers are believed: addresses, networks (10.0.0.0/8), loopback, linklocal, uniquelocal, or unix for whoever comes by a Unix socket',
  }),
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
  apiKeys: setting({
    value: 'file',
    fallback: 'none',
    parse: optional(text),
    description: 'File of API keys, a line `name key` each, which is followed; none lets everyone in',
  }),
  open: setting({
    value: 'group',
    fallback: 'none',
    parse: optional(list(oneOf(...routeGroupNames))),
    repeatable: true,
    description: `What needs no API key besides health, page and documents: ${routeGroupNames.join(', ')}`,
  }),
  closed: setting({
    value: 'group',
    fallback: 'none',
    parse: optional(list(oneOf(...routeGroupNames))),
    repeatable: true,
    description: 'What of these needs an API key though it would be open: documents, say',
  }),
  maxImageSize: setting({
    value: 'size',
    fallback: '10MB',
    parse: bytes,
    description: 'Largest image file that is accepted; larger ones get 413',
  }),
  maxJsonSize: setting({
    value: 'size',
    fallback: '64MB',
    parse: bytes,
    description: 'Largest body of JSON that is accepted; larger ones get 413',
  }),
  maxRows: setting({
    value: 'number',
    fallback: '100000',
    parse: whole(1, 1_000_000_000),
    description: 'Most rows, or images, that one request may have',
  }),
  maxReplySize: setting({
    value: 'size',
    fallback: '256MB',
    parse: bytes,
    description: 'Largest reply; what would be larger gets 413, where shapes tell before the model is run',
  }),
  maxMemory: setting({
    value: 'size',
    fallback: 'auto',
    parse: automatic(memory),
    description: 'Memory that all requests together may take; more get 503. auto is half of what the process may have',
  }),
  maxPixels: setting({
    value: 'number',
    fallback: '50000000',
    parse: whole(1, 268_402_689),
    description: 'Most pixels an image may have, whatever the size of its file',
  }),
  maxConnections: setting({
    value: 'number',
    fallback: '1000',
    parse: whole(1, 1_000_000),
    description:
      'Most connections at once; for one more, the longest idle is closed, else the one whose request has been arriving for longest',
  }),
  maxQueue: setting({
    value: 'number',
    fallback: '128',
    parse: whole(1, 1_000_000),
    description: 'Most requests that wait for the model; more get 503',
  }),
  maxBatch: setting({
    value: 'number',
    fallback: 'auto',
    parse: automatic(whole(1, 4096)),
    description: 'Most images or rows in one run of the model; auto goes by their size',
  }),
  maxJobs: setting({
    value: 'number',
    fallback: '1000',
    parse: whole(1, 1_000_000),
    description: 'Most jobs (Prefer: respond-async) that wait or run; more get 503',
  }),
  jobTtl: setting({
    value: 'duration',
    fallback: '1d',
    parse: duration(1, 20 * 86_400),
    description: 'How long a job and its result are known after its end, as far as memory lasts',
  }),
  webhookSecret: setting({
    value: 'secret',
    fallback: 'none',
    parse: optional(webhookSecret),
    secret: true,
    description:
      'What ?webhook=… messages are signed with, by Standard Webhooks: whsec_ and base64. Set it by the environment',
  }),
  webhookHost: setting({
    value: 'host',
    fallback: 'none',
    parse: list(host),
    repeatable: true,
    description:
      'Host that ?webhook=… may name: hooks.example.com, or a literal address, which may be private. May be repeated',
  }),
  deadline: setting({
    value: 'duration',
    fallback: '30',
    parse: duration(1, 3600),
    description: 'How long the model may take to answer a request before it gets 504',
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
    description: 'Processes that run the model; auto goes by the machine',
  }),
  threads: setting({
    value: 'number',
    fallback: 'auto',
    parse: automatic(whole(1, 256)),
    description: 'Threads in each of them; auto shares the processors among them, and has all for a lone request',
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
  requestTimeout: setting({
    value: 'duration',
    fallback: '60',
    parse: duration(1, 3600),
    description: 'How long a request may take to arrive before it gets 408',
  }),
  replyTimeout: setting({
    value: 'duration',
    fallback: '60',
    parse: duration(1, 3600),
    description: 'How long a client may take nothing of its reply before its connection is closed',
  }),
  maxPipelined: setting({
    value: 'number',
    fallback: '16',
    parse: whole(1, 10_000),
    description:
      'Most requests of one connection that are worked on at once; more stay unread until these are answered',
  }),
  closeTimeout: setting({
    value: 'duration',
    fallback: '30',
    parse: duration(1, 3600),
    description: 'How long running requests get to finish on SIGTERM or Ctrl+C',
  }),
  drainDelay: setting({
    value: 'duration',
    fallback: '0',
    parse: duration(0, 3600),
    description:
      'How long /health/ready says 503 after SIGTERM or Ctrl+C while requests are still taken, before closing begins',
  }),
  logLevel: setting({
    value: 'level',
    fallback: 'info',
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    description: 'Least level that is logged: trace, debug, info, warn, error, fatal or silent',
  }),
  logFormat: setting({
    value: 'format',
    fallback: 'auto',
    parse: oneOf('auto', 'json', 'pretty'),
    description: 'Log lines as json or pretty; auto is pretty on a terminal',
  }),
};

/** What a setting is called in {@link Config}. */
export type SettingName = keyof typeof settings;

/** Every setting's value: sizes in bytes, times in seconds. */
export type Config = { [name in SettingName]: ReturnType<(typeof settings)[name]['parse']> };
