import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyPluginAsync, type FastifyRequest } from 'fastify';
import addresses, { type AddressesOptions } from '../plugins/addresses.js';
import closing from '../plugins/closing.js';
import compression from '../plugins/compression.js';
import cors from '../plugins/cors.js';
import errors from '../plugins/errors.js';
import health from '../plugins/health.js';
import jobs from '../plugins/jobs.js';
import keys from '../plugins/keys.js';
import metrics from '../plugins/metrics.js';
import model, { type ModelPluginOptions } from '../plugins/model.js';
import openReplies from '../plugins/open-replies.js';
import openapi from '../plugins/openapi.js';
import preprocessing from '../plugins/preprocessing.js';
import jobRoutes from '../plugins/routes/jobs.js';
import models from '../plugins/routes/models.js';
import openInferenceRoutes from '../plugins/routes/open-inference.js';
import page from '../plugins/routes/page.js';
import predict from '../plugins/routes/predict.js';
import tensorFlowServingRoutes from '../plugins/routes/tensorflow-serving.js';
import serving from '../plugins/serving.js';
import upgrade from '../plugins/upgrade.js';
import { errorReply } from '../schemas/error.js';
import { logDownload } from './applications/download-lines.js';
import { Catalog } from './catalog/catalog.js';
import { catalogOptions } from './catalog/configured-options.js';
import { openCatalog } from './catalog/open-catalog.js';
import { takeOff } from './http/base-path.js';
import { answerClientErrors, refuseMalformed } from './http/client-errors.js';
import { Connections } from './http/connections.js';
import { type KerasServeParts, kerasServeOf } from './http/keras-serve.js';
import { keyPairFiles } from './http/key-pair-files.js';
import { refuseOtherMethods } from './http/method-not-allowed.js';
import { Origins } from './http/origins.js';
import { limitPipelining } from './http/pipelining.js';
import type { RequestError } from './http/request-error.js';
import { logCrowd, logGone, RequestLog } from './http/request-log.js';
import type { SecureServers } from './http/secure-server.js';
import { sendError } from './http/send-error.js';
import { ignoreTrailingSlashes } from './http/trailing-slash.js';
import { trustedProxies } from './http/trusted-proxies.js';
import { validatorCompiler } from './http/validation.js';
import type { RedisConnections } from './jobs/redis/connection.js';
import { redisSettings } from './jobs/redis/settings.js';
import { type AppOptions, type KerasServeOptions, readAppOptions, readPluginOptions } from './options.js';
import { openInference } from './protocols/open-inference/protocol.js';
import { protocolAt } from './protocols/protocols.js';
import { tensorFlowServing } from './protocols/tensorflow-serving/protocol.js';
import { ConfigError } from './settings/config-error.js';
import type { Config } from './settings/settings.js';
import { defaultMaxMemory } from './support/memory.js';

/** Milliseconds that an idle connection is kept: longer than load balancers keep theirs, so that they never use a closed one. */
const keepAliveTimeout = 72_000;

/** The whole API as a Fastify plugin. @throws ConfigError for an option that it doesn't know */
const app: FastifyPluginAsync<KerasServeOptions> = async (app, options) => addApi(app, readPluginOptions(options));

/**
 * @param server the connections of the server, where it is ours
 * @param outer what a server of ours knows of the addresses of requests
 */
async function addApi(
  app: FastifyInstance,
  options: KerasServeOptions & Config,
  server?: Connections,
  outer: AddressesOptions = {},
): Promise<void> {
  const connections = await openRedis(app, options);
  try {
    await addParts(app, options, connections, server, outer);
  } catch (error) {
    // Nothing else would, and the process would live as long as they do.
    await connections?.close();
    throw error;
  }
}

async function addParts(
  app: FastifyInstance,
  options: KerasServeOptions & Config,
  connections: RedisConnections | undefined,
  server: Connections | undefined,
  outer: AddressesOptions,
): Promise<void> {
  if (connections) await app.register(import('../plugins/redis.js'), { connections });
  const isGateway = options.role === 'gateway';
  const isWorker = options.role === 'worker';
  await app.register(model, {
    source: isGateway ? await announced(app, connections!, options) : modelsOf(app, options),
  });
  await app.register(openReplies, { maxMemory: options.maxMemory ?? defaultMaxMemory() });
  kerasServeOf(app).replies.on('gone', ({ request, reply }) => logGone(request, reply));
  app.addHook('onSend', (request, reply, _payload, done) => {
    reply.headers({ 'x-request-id': request.id, 'x-content-type-options': 'nosniff' });
    done();
  });

  app.setValidatorCompiler(validatorCompiler);
  if (options.corsOrigin.length > 0)
    await app.register(cors, {
      origins: new Origins(options.corsOrigin),
      ownsAll: server !== undefined || app.prefix !== '',
    });
  // Behind what the end of a request needs.
  app.addHook('onRequest', refuseMalformed);
  await app.register(addresses, outer);
  // Before anything tells what there is.
  await app.register(keys, { path: options.apiKeys, open: options.open, closed: options.closed });
  refuseOtherMethods(app, outer.basePath);
  ignoreTrailingSlashes(app);
  await app.register(compression);
  await app.register(errors, { hasKeys: options.apiKeys !== undefined });
  if (options.rateLimit) await app.register(import('../plugins/rate-limit.js'), options.rateLimit);
  await app.register(upgrade);
  await app.register(preprocessing, {
    maxPixels: options.maxPixels,
    maxWaiting: options.maxQueue,
    deadline: options.deadline * 1000,
  });
  await app.register(serving, { maxRows: options.maxRows, maxReplySize: options.maxReplySize });
  await app.register(closing, { connections: server });
  const { maxJobs, jobTtl, deadline, webhookSecret, webhookHost } = options;
  await app.register(jobs, { maxJobs, jobTtl, deadline, webhookSecret, webhookHost });
  if (isGateway)
    await app.register(import('../plugins/gateway.js'), { deadline: options.deadline, maxQueue: options.maxQueue });
  if (connections && !isGateway)
    await app.register(import('../plugins/worker.js'), { connections, ...workerOptions(options) });
  // Before the routes that it tells of.
  if (!isWorker) await app.register(openapi);
  await app.register(health);
  await app.register(metrics, { connections: server });
  if (isWorker) return;
  await app.register(models);
  await app.register(predict, { maxImageSize: options.maxImageSize, maxJsonSize: options.maxJsonSize });
  await app.register(jobRoutes);
  await app.register(tensorFlowServingRoutes, { prefix: tensorFlowServing.prefix, maxJsonSize: options.maxJsonSize });
  await app.register(openInferenceRoutes, { prefix: openInference.prefix, maxJsonSize: options.maxJsonSize });
  await app.register(page);
}

/** Why a request whose address can't even be read is refused: what is told of that is for those who may ask. */
function refusedBy({ access }: KerasServeParts, request: FastifyRequest): RequestError | undefined {
  try {
    access.admit(request);
    return undefined;
  } catch (error) {
    return error as RequestError;
  }
}

/** The Redis that gateways and workers meet in, where there is one; what reaches it is loaded then. @throws ConfigError, RedisError */
async function openRedis(app: FastifyInstance, options: Config): Promise<RedisConnections | undefined> {
  const settings = redisSettings(options);
  if (!settings) return undefined;
  const { RedisConnections } = await import('./jobs/redis/connection.js').catch(withoutPackages);
  return RedisConnections.open(settings, app.log);
}

/** The models that workers announce. */
async function announced(
  app: FastifyInstance,
  connections: RedisConnections,
  { defaultModel }: Config,
): Promise<Catalog> {
  const { announcedModels } = await import('./jobs/redis/announced-models.js');
  return announcedModels(connections, { defaultModel, log: app.log });
}

/** @throws ConfigError where what speaks to Redis isn't installed */
function withoutPackages(error: NodeJS.ErrnoException): never {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  throw new ConfigError('--redis needs two packages that are not installed: npm install bullmq ioredis');
}

const workerOptions = ({ maxImageSize, maxAttempts, jobTtl, closeTimeout }: Config) => ({
  maxImageSize,
  maxAttempts,
  jobTtl,
  // What goes back into its queue has to be there before the process ends.
  closeTimeout: Math.max(closeTimeout - 2, closeTimeout / 2),
});

/** The catalog that is given, or what opens one. */
function modelsOf(
  app: FastifyInstance,
  { model, weights, inputShape, signature, ...config }: KerasServeOptions & Config,
): ModelPluginOptions['source'] {
  if (model instanceof Catalog) return model;
  if (typeof model === 'function') return async () => Catalog.of(await model());
  const onDownload = logDownload((line) => app.log.info(line));
  return async () =>
    openCatalog([model ?? []].flat(), { weights, inputShape, signature, ...catalogOptions(config), onDownload });
}

/**
 * A Fastify instance that serves models, not yet listening. `ready()` and `listen()` reject with a ModelFileError or
 * CardError when the only model can't be loaded, and with a ModelsError when none of several can; `close()` then still has to be called.
 */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { logger, ...config } = readAppOptions(options);
  const { requestTimeout, replyTimeout, maxConnections, maxPipelined, basePath, trustProxy } = config;
  const connections = new Connections(maxConnections, replyTimeout * 1000);
  const origins = new Origins(config.corsOrigin);
  const secure = await secureServers(config);
  let isUnixSocket = false;
  const isTrusted = trustedProxies(trustProxy, () => isUnixSocket);
  const instance = Fastify({
    ...(basePath && { rewriteUrl: takeOff(basePath) }),
    ...(trustProxy.length > 0 && { trustProxy: isTrusted }),
    ...(logger && { loggerInstance: logger }),
    logController: new RequestLog(),
    genReqId: () => randomUUID(),
    // Each address of `localhost` has a server of its own; Fastify would tell the first alone of malformed requests.
    serverFactory: (handler) => {
      const options = {
        keepAliveTimeout,
        requestTimeout: requestTimeout * 1000,
        // By itself Node looks for late requests every 30 seconds, and at no request before its headers would be late.
        connectionsCheckingInterval: 500,
        headersTimeout: Math.min(requestTimeout, 60) * 1000,
        // Node would refuse what names no host in its own words.
        requireHostHeader: false,
      };
      const listener = limitPipelining(maxPipelined, handler);
      const server = secure?.create(options, listener) ?? createServer(options, listener);
      return answerClientErrors(connections.watch(server), connections, origins);
    },
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
      reply.headers(origins.headersFor(request.headers.origin));
      sendError(
        refusedBy(kerasServeOf(instance), request) ?? error,
        request,
        reply,
        protocolAt(request.url) ?? { errorBody: errorReply },
      );
    },
  });
  logCrowd(instance.log, connections, maxConnections);
  connections.on('unread', () =>
    instance.log.warn(
      `a client took nothing of its reply for ${replyTimeout} s, so its connection was closed; --reply-timeout allows more`,
    ),
  );
  instance.addHook('onListen', async () => {
    isUnixSocket = (instance.server.address() as AddressInfo | null)?.port === undefined;
  });
  await addApi(instance, config, connections, { basePath, isTrusted });
  if (secure) {
    const closing = new AbortController();
    instance.addHook('onReady', async () => void secure.follow(instance.log, closing.signal));
    instance.addHook('onClose', async () => closing.abort());
  }
  return instance;
}

/** What makes servers of HTTPS, loaded where there is a certificate. @throws ConfigError, KeyPairError */
async function secureServers(config: Config): Promise<SecureServers | undefined> {
  const files = keyPairFiles(config);
  if (!files) return undefined;
  const { openSecureServers } = await import('./http/secure-server.js');
  return openSecureServers(files);
}

export default app;
