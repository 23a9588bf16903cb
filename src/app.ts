import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyPluginAsync } from 'fastify';
import closing from '../plugins/closing.js';
import compression from '../plugins/compression.js';
import errors, { answerClientError, sendError } from '../plugins/errors.js';
import health from '../plugins/health.js';
import json from '../plugins/json.js';
import { watchMethods } from '../plugins/methods.js';
import metrics from '../plugins/metrics.js';
import model from '../plugins/model.js';
import openReplies from '../plugins/open-replies.js';
import openapi from '../plugins/openapi.js';
import preprocessing from '../plugins/preprocessing.js';
import models from '../plugins/routes/models.js';
import openInference from '../plugins/routes/open-inference.js';
import page from '../plugins/routes/page.js';
import predict from '../plugins/routes/predict.js';
import tensorFlowServing from '../plugins/routes/tensorflow-serving.js';
import { ignoreTrailingSlashes } from '../plugins/trailing-slash.js';
import { validatorCompiler } from '../plugins/validation.js';
import { Catalog } from './catalog/catalog.js';
import { openCatalog } from './catalog/open-catalog.js';
import type { ServedModel } from './catalog/served-model.js';
import { type Config, readConfig } from './config.js';
import { Connections } from './connections.js';
import { logDownload } from './downloads.js';
import type { ModelSource } from './inference/compile-messages.js';
import { catalogOptions } from './load-options.js';
import { logCrowd, logGone, RequestLog } from './logging.js';
import { limitPipelining } from './pipelining.js';

export interface AppOptions extends Partial<Config>, Omit<ModelSource, 'path'> {
  /**
   * Paths of model files or of folders with models; or what loads a model, which is closed with the instance; or a catalog,
   * likewise.
   */
  model: string | readonly string[] | (() => Promise<ServedModel>) | Catalog;
}

/** Milliseconds that an idle connection is kept: longer than load balancers keep theirs, so that they never use a closed one. */
const keepAliveTimeout = 72_000;

/** The whole API as a Fastify plugin. */
const app: FastifyPluginAsync<AppOptions> = (app, options) => addApi(app, options);

/** @param connections of the server, where it is ours */
async function addApi(app: FastifyInstance, options: AppOptions, connections?: Connections): Promise<void> {
  const config = { ...readConfig(), ...options };
  const { model: source, weights, inputShape } = options;
  const open = async (): Promise<Catalog> => {
    if (source instanceof Catalog) return source;
    if (typeof source === 'function') return Catalog.of(await source());
    const onDownload = logDownload((line) => app.log.info(line));
    return openCatalog([source].flat(), { weights, inputShape, ...catalogOptions(config), onDownload });
  };

  await app.register(openReplies);
  app.replies.on('gone', ({ request, reply }) => logGone(request, reply));
  app.addHook('onSend', async (request, reply) => {
    reply.headers({ 'x-request-id': request.id, 'x-content-type-options': 'nosniff' });
  });

  app.setValidatorCompiler(validatorCompiler);
  const refuseOtherMethods = watchMethods(app);
  ignoreTrailingSlashes(app);
  await app.register(compression);
  await app.register(errors, { maxImageSize: config.maxImageSize });
  await app.register(model, { open });
  await app.register(preprocessing, {
    maxPixels: config.maxPixels,
    maxWaiting: config.maxQueue,
    deadline: config.deadline * 1000,
  });
  await app.register(json, { maxJsonSize: config.maxJsonSize });
  await app.register(closing, { connections });
  await app.register(openapi);
  await app.register(health);
  await app.register(metrics, { connections });
  await app.register(models);
  await app.register(predict, { maxImageSize: config.maxImageSize, maxJsonSize: config.maxJsonSize });
  await app.register(tensorFlowServing);
  await app.register(openInference);
  await app.register(page);
  refuseOtherMethods();
}

/**
 * A Fastify instance that serves models, not yet listening. `ready()` and `listen()` reject with a ModelFileError or
 * CardError when the only model can't be loaded, and with a ModelsError when none of several can; `close()` then still has to be called.
 */
export async function buildApp(options: AppOptions & { logger?: FastifyBaseLogger }): Promise<FastifyInstance> {
  const { logger, ...rest } = options;
  const { requestTimeout, replyTimeout, maxConnections, maxPipelined } = { ...readConfig(), ...options };
  const connections = new Connections(maxConnections, replyTimeout * 1000);
  const instance = Fastify({
    ...(logger && { loggerInstance: logger }),
    logController: new RequestLog(),
    genReqId: () => randomUUID(),
    // Each address of `localhost` has a server of its own; Fastify would tell the first alone of malformed requests.
    serverFactory: (handler) =>
      connections.watch(
        createServer(
          {
            keepAliveTimeout,
            requestTimeout: requestTimeout * 1000,
            // By itself Node looks for late requests every 30 seconds, and at no request before its headers would be late.
            connectionsCheckingInterval: 500,
            headersTimeout: Math.min(requestTimeout, 60) * 1000,
          },
          limitPipelining(maxPipelined, handler),
        ).on('clientError', answerClientError),
      ),
    // A large model takes its time to load.
    pluginTimeout: 0,
    return503OnClosing: false,
    // A name of a hundred characters, each written in four bytes with percent signs.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1200 },
    schemaController: {
      compilersFactory: {
        // Typed for Ajv alone, which is not even loaded now.
        buildValidator: (() => validatorCompiler) as never,
        // Serializers made from the schemas would take longer to make, at every start, than all that they save.
        buildSerializer: () => () => JSON.stringify,
      },
    },
    // Each server has its own.
    clientErrorHandler: () => undefined,
    frameworkErrors: (error, request, reply) => {
      sendError(error, request, reply);
    },
  });
  logCrowd(instance.log, connections, maxConnections);
  connections.on('unread', () =>
    instance.log.warn(
      `a client took nothing of its reply for ${replyTimeout} s, so its connection was closed; --reply-timeout allows more`,
    ),
  );
  await addApi(instance, rest, connections);
  return instance;
}

export default app;
