import { setTimeout as sleep } from 'node:timers/promises';
import { JobError } from '../errors.js';

/** What Redis itself has against a command, by the first word of its message. */
const refusals: Record<string, () => JobError> = {
  OOM: () => new JobError('queue_full', 'The queue has no room. Try again in a moment.'),
  LOADING: () => away(),
  READONLY: () => away(),
  MASTERDOWN: () => away(),
  // It can't save what it is told, or not where replicas have it too.
  MISCONF: () => away(),
  NOREPLICAS: () => away(),
};

const away = () => new JobError('queue_unavailable', 'The queue can’t be reached. Try again in a moment.');

/** Whether an error says that Redis can't be reached, and not what it has against a command. */
export const isAway = ({ name, message, code }: NodeJS.ErrnoException): boolean =>
  name === 'MaxRetriesPerRequestError' ||
  name === 'AbortError' ||
  code !== undefined ||
  /^(Connection is closed|Stream isn't writeable|Command timed out)/.test(message);

/** Milliseconds until something is tried again that Redis couldn't do. */
const pause = 1000;

/** Does something in Redis, however often that has to be tried: it may be away, or full. @throws what is no state of Redis */
export async function persist<Result>(work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await reach(work);
    } catch (error) {
      if (!(error instanceof JobError)) throw error;
      await sleep(pause);
    }
  }
}

/** Does something in Redis. @throws JobError `queue_unavailable`, `queue_full`, and what else it throws */
export async function reach<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof JobError) throw error;
    const refusal = refusals[/^(?:ERR )?(\w+)/.exec((error as Error).message)?.[1] ?? ''];
    if (refusal) throw refusal();
    throw isAway(error as NodeJS.ErrnoException) ? away() : error;
  }
}
