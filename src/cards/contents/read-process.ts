import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { InternalSignal } from '../../support/errors.js';
import { isSystemError } from '../../support/files.js';
import { moduleArguments } from '../../support/package.js';
import type { ReadReply, ReadRequest } from './read-messages.js';

/** A file that isn't read: the message, why, goes on after its name. */
export class UnreadSignal extends InternalSignal {}

/** The milliseconds that reading may still take: each file's are taken off. */
export interface Clock {
  left: number;
}

/** Of the process's heap, in megabytes. */
const heapSize = 512;
/** Milliseconds: of one file whatever others took, of the process until it is ready, and until it ends with nothing to read. */
const [least, startTime, idleTime] = [200, 60_000, 1_000];

let current: ChildProcess | undefined;
let idle: NodeJS.Timeout | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * Reads a file in a process that does nothing else, one file after the other.
 * @returns a `Reading` as `v8.serialize` writes it
 * @throws UnreadSignal where the process ended or took too long, and what the reader threw
 */
export function readInProcess(request: ReadRequest, clock: Clock): Promise<Uint8Array> {
  const reading = last.then(() => ask(request, clock));
  last = reading.catch(() => undefined);
  return reading;
}

async function ask(request: ReadRequest, clock: Clock): Promise<Uint8Array> {
  clearTimeout(idle);
  const child = current ?? (await start());
  hold(child, true);
  const asked = performance.now();
  child.send(request, () => undefined);
  try {
    const reply = (await answerOf(child, Math.max(clock.left, least))) as ReadReply;
    if ('error' in reply) throw reply.error;
    return reply.reading;
  } finally {
    clock.left -= performance.now() - asked;
    hold(child, false);
    idle = setTimeout(() => end(child), idleTime).unref();
  }
}

async function start(): Promise<ChildProcess> {
  const module = moduleArguments('cards/contents/read-main');
  const child = spawn(process.execPath, [`--max-old-space-size=${heapSize}`, ...module], {
    serialization: 'advanced',
    // What V8 says of a heap that is full is no line of the server's log.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.on('error', () => undefined);
  child.once('exit', () => end(child));
  current = child;
  await answerOf(child, startTime);
  return child;
}

/** What a process says next. @throws UnreadSignal */
async function answerOf(child: ChildProcess, time: number): Promise<unknown> {
  const settled = new AbortController();
  const { signal } = settled;
  const ended = (why: string) => () => {
    end(child);
    throw new UnreadSignal(why);
  };
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message),
      once(child, 'exit', { signal }).then(ended('ends the process that reads it')),
      delay(time, undefined, { signal }).then(ended('takes too long to read')),
    ]);
  } catch (error) {
    throw isSystemError(error) ? new UnreadSignal(`isn't read: there is no room for a process (${error.code})`) : error;
  } finally {
    settled.abort();
  }
}

/** The next file has a process of its own. */
function end(child: ChildProcess): void {
  if (current === child) current = undefined;
  child.kill('SIGKILL');
}

/** Whether this process stays for as long as the other is there. */
function hold(child: ChildProcess, holds: boolean): void {
  const way = holds ? 'ref' : 'unref';
  child[way]();
  child.channel?.[way]();
}
