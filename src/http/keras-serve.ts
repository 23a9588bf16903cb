import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Catalog } from '../catalog/catalog.js';
import type { ServedModel } from '../catalog/served-model.js';
import type { ImageOptions, ImageTensor } from '../images/options.js';
import type { JobStore } from '../jobs/job-store.js';
import type { Consumer } from '../jobs/redis/consumer.js';
import type { DirectRequests } from '../jobs/redis/direct-requests.js';
import type { RedisParts } from '../jobs/redis/redis-parts.js';
import type { TaskRunner } from '../protocols/task-runner.js';
import type { MemoryBudget } from '../serving/memory-budget.js';
import type { Serving } from '../serving/serving.js';
import type { Access } from './access.js';
import type { OpenReplies } from './open-replies.js';

/** What keras-serve adds to a Fastify instance, under the one name `kerasServe`. */
export interface KerasServe {
  /** The default model: loaded and warm once the instance is ready. */
  readonly model: ServedModel;
  /** All models that are served. */
  readonly catalog: Catalog;
  /**
   * Turns an encoded image (JPEG, PNG, WebP, GIF, TIFF or AVIF) into a tensor, a bounded number of images at once. Rejects with
   * an ImageError when the image is at fault, with a DecodingError when too many wait or it waits too long; the signal gives it
   * up.
   */
  preprocess(bytes: Uint8Array, options: ImageOptions, wait?: { signal?: AbortSignal }): Promise<ImageTensor>;
}

/** Requests that are answered later. */
export interface Jobs {
  readonly store: JobStore;
  /** Where to tell of an end. @throws JobError where that is no address that may be told, or nothing is told here */
  webhookAddress(text: string): URL;
  /** Seconds that a client waits for one at most that asks for an answer at once. */
  readonly deadline: number;
  /** Below which addresses they are. */
  readonly path: string;
}

/** How far the instance is on its way to its end. */
export interface Closing {
  /** Whether requests should go elsewhere: it closes, or is about to. */
  announced: boolean;
  /** How many requests have arrived as a whole and have no answer yet; 0 where the server isn't ours. */
  readonly unanswered: number;
}

/** The same with what keras-serve's own plugins share: each says which of them it sets. */
export interface KerasServeParts extends KerasServe {
  preprocess: KerasServe['preprocess'];
  replies: OpenReplies;
  memory: MemoryBudget;
  serving: Serving;
  tasks: TaskRunner;
  closing: Closing;
  access: Access;
  jobs: Jobs;
  /** Where gateways and workers meet, if they do. */
  redis?: RedisParts;
  /** Has workers answer requests whose clients wait: on a gateway. */
  direct?: Pick<DirectRequests, 'ask'>;
  /** Takes requests out of queues: where models are run for others. What it has begun another begins again if this process ends first. */
  consumer?: Pick<Consumer, 'active'>;
  /** Whether clients get 429 for asking too often. */
  hasRateLimit?: boolean;
  /**
   * What stands before the addresses of routes as the client of a request has to write them: the base path, and before it what a
   * proxy that is believed has taken off. Empty where there is nothing.
   */
  outerPath(request: FastifyRequest): string;
}

const decoratorName = 'kerasServe';

/** What the plugins of an instance share, made for it: what an instance above it has is another's. */
export function ownKerasServe(app: FastifyInstance): KerasServeParts {
  if (!Object.hasOwn(app, decoratorName)) app.decorate(decoratorName, {});
  return app.getDecorator(decoratorName);
}

/** What the plugins of an instance share; the first that asks for it makes it. */
export function kerasServeOf(app: FastifyInstance): KerasServeParts {
  if (!app.hasDecorator(decoratorName)) app.decorate(decoratorName, {});
  return app.getDecorator(decoratorName);
}
