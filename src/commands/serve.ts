import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import closeWithGrace from 'close-with-grace';
import type { FastifyInstance } from 'fastify';
import { loadServedModel } from '../catalog/served-model.js';
import type { Config } from '../config.js';
import { loadOptions } from '../load-options.js';
import { packageVersion } from '../package.js';
import type { Command } from './command.js';
import { CommandError } from './errors.js';
import { modelFlags, modelOptions } from './model-flags.js';

/** `keras-serve serve <model>`: serves until a signal ends it. */
export const serve: Command = {
  usage: 'serve <model>',
  summary: 'Serve a model as a REST API',
  operands: { least: 1, most: 1 },
  flags: modelFlags,
  takesSettings: true,
  async run({ positionals: [model], flags, config }) {
    const options = modelOptions(flags);
    await takePort(config).catch(explain(config));
    // The model is on its way while the server's own modules load.
    const loading = loadServedModel(model!, { ...options, ...loadOptions(config) });
    loading.catch(() => undefined);
    const [{ buildApp }, { createLogger }, { blockOtherLoaders }] = await Promise.all([
      import('../app.js'),
      import('../logging.js'),
      import('../images/decoder.js'),
    ]);
    blockOtherLoaders();
    const logger = await createLogger(config);
    const app = await buildApp({ ...config, model: () => loading, logger });
    try {
      await app.listen({ host: config.host, port: config.port, listenTextResolver: () => 'listening' });
    } catch (error) {
      await app.close();
      explain(config)(error);
    }
    closeWithGrace({ delay: config.closeTimeout * 1000, logger }, async ({ signal, err }) => {
      if (err) logger.fatal({ err }, 'an unforeseen error ends the server');
      else if (signal) logger.info(`${signal}: finishing what is running`);
      await app.close();
    });
    announce(app, config.host);
  },
};

type Address = Pick<Config, 'host' | 'port'>;

const explanations: Record<string, (address: Address) => string> = {
  EADDRINUSE: ({ port }) =>
    `Port ${port} is in use. Stop the program that uses it, or choose another port: --port ${port === 65535 ? 5000 : port + 1}`,
  EACCES: ({ port }) => `Port ${port} may not be used by this user. Choose one from 1024 up: --port 5000`,
  EADDRNOTAVAIL: ({ host }) => `This machine has no address ${host}. Choose another with --host`,
  ENOTFOUND: ({ host }) => `There is no host called ${host}. Choose another with --host`,
  EAI_AGAIN: ({ host }) => `The host ${host} can't be looked up. Choose another with --host`,
};

/** Turns what the system says of an address into what to do about it. */
const explain = (address: Address) => (error: unknown) => {
  const explanation = explanations[(error as NodeJS.ErrnoException).code ?? ''];
  throw explanation ? new CommandError(explanation(address)) : error;
};

/** Takes the port and gives it back: whoever can't have it needn't wait for the model. */
async function takePort({ host, port }: Address): Promise<void> {
  const server = createServer().listen(port, host);
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}

/** Where the server is: a few lines on a terminal, one line in a log. */
function announce(app: FastifyInstance, host: string): void {
  const { port } = app.addresses()[0] as AddressInfo;
  const everywhere = host === '0.0.0.0' || host === '::';
  const url = `http://${everywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`;
  if (!process.stdout.isTTY) {
    app.log.info({ url }, `${app.model.name} is served at ${url}/ with its documents at ${url}/docs`);
    return;
  }
  process.stdout.write(`
  keras-serve ${packageVersion} serves ${app.model.name}

    Try it    ${url}/
    API       ${url}/docs
    Predict   curl -X POST -F image=@dog.jpg ${url}/predict

  Ctrl+C stops it.

`);
}
