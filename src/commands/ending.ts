import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { kerasServeOf } from '../http/keras-serve.js';
import type { Config } from '../settings/settings.js';

/** What asks a server to end: process managers, Ctrl+C, a terminal that closes, and nodemon. */
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

/**
 * Milliseconds within which a second Ctrl+C is the first one once more: it goes to all processes of a terminal, and npm
 * passes it on to what it has started.
 */
const sameKeystroke = 500;

/**
 * Has the process end with 0 when a signal asks for it before anything is served: as the first process of a container it would
 * get no default action.
 * @returns what ends that
 */
export function endBeforeServing(kill: () => void): () => void {
  const end = () => {
    kill();
    process.exit(0);
  };
  for (const signal of signals) process.on(signal, end);
  return () => {
    for (const signal of signals) process.off(signal, end);
  };
}

/**
 * Has the process end when a signal asks for it, once everything that came in is answered, with 0; with 1 after an unforeseen
 * error, or where requests are still running when `closeTimeout` is over. A signal that comes again ends the wait of
 * `drainDelay`, and no more, for process managers may repeat themselves. Somebody who presses Ctrl+C again has no time: what
 * is running is cut off.
 */
export function endOnSignals(
  app: FastifyInstance,
  log: Logger,
  { drainDelay, closeTimeout }: Pick<Config, 'drainDelay' | 'closeTimeout'>,
): void {
  const parts = kerasServeOf(app);
  let code = 0;
  let since: number | undefined;
  let interrupted: number | undefined;
  const drained = new AbortController();
  const isAgain = (first = performance.now()) => performance.now() - first >= sameKeystroke;

  function exit(): void {
    parts.catalog.pool.kill();
    process.exit(parts.closing.unanswered > 0 ? 1 : code);
  }

  async function end(reason: string): Promise<void> {
    since = performance.now();
    parts.closing.announced = true;
    if (drainDelay > 0 && code === 0) {
      log.info(`${reason}: not ready from now on, closing in ${drainDelay} s`);
      await sleep(drainDelay * 1000, undefined, { signal: drained.signal }).catch(() => undefined);
    }
    log.info(`${reason}: finishing what is running`);
    const isOver = await Promise.race([app.close(), sleep(closeTimeout * 1000, false)]).catch((err) => {
      log.error({ err }, 'the server could not be closed in order');
      code = 1;
    });
    const { unanswered } = parts.closing;
    const begun = parts.consumer?.active ?? 0;
    if (unanswered > 0) log.error({ unanswered }, `requests not answered within ${closeTimeout} s: ${unanswered}`);
    const { unfinished } = parts.jobs.store;
    if (unfinished > 0)
      log.error({ unfinished }, `jobs not finished within ${closeTimeout} s, and lost: ${unfinished}`);
    if (begun > 0)
      log.warn({ begun }, `requests of the queue that were begun here, which another worker begins again: ${begun}`);
    else if (isOver === false && parts.redis && unanswered === 0)
      log.warn(`Redis did not answer within ${closeTimeout} s: the server ends without taking leave of it`);
    exit();
  }

  for (const signal of signals)
    process.on(signal, () => {
      if (since === undefined) void end(signal);
      else if (isAgain(since)) drained.abort();
      if (signal !== 'SIGINT') return;
      if (isAgain(interrupted)) {
        if (parts.closing.unanswered > 0) log.error(`${signal} again: what is running is cut off`);
        exit();
      }
      interrupted ??= performance.now();
    });
  for (const event of ['uncaughtException', 'unhandledRejection'])
    process.on(event, (err: unknown) => {
      log.fatal({ err }, 'an unforeseen error ends the server');
      code = 1;
      if (since === undefined) void end('unforeseen error');
      else exit();
    });
}
