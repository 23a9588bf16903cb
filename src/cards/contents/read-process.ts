import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { InternalSignal } from '../../support/errors.js';
import { isSystemError } from '../../support/files.js';
import { environmentWithoutCertificates, moduleArguments } from '../../support/package.js';
import { timeOf } from '../../support/processor-time.js';
import type { ReadReply, ReadRequest } from './read-messages.js';

/** A file that isn't read: the message, why, goes on after its name. */
export class UnreadSignal extends InternalSignal {}

/**
 * The milliseconds that reading may still take: each file's are taken off. They are those that the process computes, so that nothing is lost
 * where others leave it little of the processor; where the system doesn't tell them, those of the clock.
 */
export interface Clock {
  left: number;
}

/** Of the process's heap, in megabytes. */
const heapSize = 512;
/** Milliseconds: of one file whatever others took, and by the clock of the process until it ends with nothing to read. */
const [least, idleTime] = [200, 1_000];
/** Milliseconds by the clock that the process may take until it is ready, and more than a file's own where it hardly gets to compute. */
const patience = 60_000;
/** Milliseconds between two looks at what is spent, at least. */
const shortest = 10;

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
  const limit = Math.max(clock.left, least);
  const spent = stopwatch(child);
  child.send(request, () => undefined);
  try {
    const reply = (await answerOf(child, (signal) => until(limit, spent, signal))) as ReadReply;
    if ('error' in reply) throw reply.error;
    return reply.reading;
  } finally {
    clock.left -= Math.min(limit, spent());
    hold(child, false);
    idle = setTimeout(() => end(child), idleTime).unref();
  }
}

async function start(): Promise<ChildProcess> {
  const module = moduleArguments('cards/contents/read-main');
  const child = spawn(process.execPath, [`--max-old-space-size=${heapSize}`, ...module], {
    env: environmentWithoutCertificates(),
    serialization: 'advanced',
    // What V8 says of a heap that is full is no line of the server's log.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.on('error', () => undefined);
  child.once('exit', () => end(child));
  current = child;
  await answerOf(child, (signal) => delay(patience, undefined, { signal }));
  return child;
}

/** Says how many milliseconds a process has computed since; those of the clock where that isn't known. */
function stopwatch({ pid }: ChildProcess): () => number {
  const [computed, started] = [timeOf(pid), performance.now()];
  return () => {
    const now = timeOf(pid);
    return computed === undefined || now === undefined ? performance.now() - started : now - computed;
  };
}

/** Waits until so many milliseconds are spent, or far more are gone. */
async function until(limit: number, spent: () => number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + limit + patience;
  for (let left = limit; left > 0 && performance.now() < end; left = limit - spent())
    await delay(Math.max(left, shortest), undefined, { signal });
}

/** What a process says next. @param timeout ends once that takes too long @throws UnreadSignal */
async function answerOf(child: ChildProcess, timeout: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
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
      timeout(signal).then(ended('takes too long to read')),
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
