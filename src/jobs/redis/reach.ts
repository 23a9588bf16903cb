import { setTimeout as sleep } from 'node:timers/promises';
import { JobError } from '../errors.js';

/** It can't be reached. */
export const away = (): JobError =>
  new JobError('queue_unavailable', 'The queue can’t be reached. Try again in a moment.');
const full = () => new JobError('queue_full', 'The queue has no room. Try again in a moment.');

/** What Redis itself has against a command, by the code that its message begins with. */
const refusals: Record<string, () => JobError> = {
  OOM: full,
  // A script runs for too long.
  BUSY: away,
  LOADING: away,
  READONLY: away,
  MASTERDOWN: away,
  // It can't save what it is told, or not where replicas have it too.
  MISCONF: away,
  NOREPLICAS: away,
  // What the user was allowed when this server began; in scripts, Redis 7.0 and later ones.
  NOPERM: away,
  'ERR The user executing the script': away,
  'ERR ACL failure in script': away,
};

/** Codes as they stand in messages: what a command in a script met is told behind where it stands, by Redis before 7.0. */
const codes = new RegExp(`(?:^|: ?|-)(${Object.keys(refusals).join('|')})\\b`);

/** Whether an error says that Redis can't be reached, and not what it has against a command. */
const isAway = ({ name, message, code }: NodeJS.ErrnoException): boolean =>
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

/** What an error says of the state of Redis; undefined where it says nothing of that. */
export function stateIn(error: Error): JobError | undefined {
  if (error instanceof JobError) return error;
  const [, code] = codes.exec(error.message) ?? [];
  if (code) return refusals[code]!();
  return isAway(error) ? away() : undefined;
}

/** Does something in Redis. @throws JobError `queue_unavailable`, `queue_full`, and what else it throws */
export async function reach<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw stateIn(error as Error) ?? error;
  }
}
