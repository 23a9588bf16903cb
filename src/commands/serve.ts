import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { logDownload } from '../applications/download-lines.js';
import { catalogOptions } from '../catalog/configured-options.js';
import { kerasServeOf } from '../http/keras-serve.js';
import { keyPairFiles } from '../http/key-pair-files.js';
import { defaultPoolSize, InferencePool } from '../inference/inference-pool.js';
import { redisSettings } from '../jobs/redis/settings.js';
import { appSettings } from '../options.js';
import type { Config } from '../settings/settings.js';
import { collectBuffers } from '../support/memory.js';
import type { Command } from './command.js';
import { showDownload } from './download-bar.js';
import { endBeforeServing, endOnSignals } from './ending.js';
import { listen, placeOf, type Served, takePlace } from './listening.js';
import { modelFlags, modelOptions } from './model-flags.js';

/** `keras-serve serve <model>...`: serves until a signal ends it. */
export const serve: Command = {
  usage: 'serve <model>...',
  summary: 'Serve models as a REST API: files, folders of models or of numbered versions, Keras Applications by name',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: modelFlags,
  takesSettings: true,
  takesModels: true,
  takesNone: ({ role }) =>
    role === 'gateway' ? 'A gateway loads no model: it has those that workers announce. Name none.' : undefined,
  async run({ positionals, flags, config }) {
    const options = modelOptions(flags);
    redisSettings(config);
    await Promise.all([takePlace(config), checkKeyPair(config)]);
    let logging: Promise<Logger> | undefined;
    const log = () => (logging ??= import('./logging.js').then(({ createLogger }) => createLogger(config)));
    const onDownload = process.stderr.isTTY
      ? showDownload(process.stderr)
      : logDownload((line) => void log().then((logger) => logger.info(line)));
    // The processes start while what finds and reads models is loaded.
    const pool = config.role === 'gateway' ? undefined : new InferencePool(config.processes ?? defaultPoolSize());
    const serving = endBeforeServing(() => pool?.kill());
    const openOptions = { ...options, ...catalogOptions(config), onDownload, pool };
    const catalog = pool && (await import('../catalog/open-catalog.js')).openCatalog(positionals, openOptions);
    // The server's own modules load while the processes load the model; one that is compiled first takes longer than they.
    await Promise.race([pool?.begun, sleep(200)]);
    const [{ buildApp }, logger, { setUpLibvips }] = await Promise.all([
      import('../app.js'),
      log(),
      import('../images/decoder.js'),
    ]);
    setUpLibvips();
    const app = await buildApp({ ...appSettings(config), model: catalog, logger }).catch(async (error) => {
      await catalog?.close();
      throw error;
    });
    const collect = collectBuffers();
    app.addHook('onResponse', (_request, _reply, done) => {
      collect();
      done();
    });
    try {
      await app.ready();
      await listen(app, config);
    } catch (error) {
      await app.close();
      throw error;
    }
    serving();
    endOnSignals(app, logger, config);
    await announce(app, placeOf(app, config), config);
  },
};

/** Reads the certificate and its key, where there are: whoever can't serve with them needn't wait for the model either. */
async function checkKeyPair(config: Config): Promise<void> {
  const files = keyPairFiles(config);
  if (files) await import('../http/key-pair.js').then(({ readKeyPair }) => readKeyPair(files));
}

/** Where the server is: a few lines on a terminal, one line in a log. */
async function announce(app: FastifyInstance, served: Served, { role }: Config): Promise<void> {
  const { announcement, announcementLine, workerLine } = await import('./announcement.js');
  const { catalog, access } = kerasServeOf(app);
  if (role === 'worker') {
    if (process.stdout.isTTY) process.stdout.write(`\n  ${workerLine(catalog, served)}\n\n`);
    else app.log.info(served, workerLine(catalog, served));
    return;
  }
  if (process.stdout.isTTY) process.stdout.write(announcement(catalog, served, access.needsKey('predict')));
  else app.log.info(served, announcementLine(catalog, served));
}
