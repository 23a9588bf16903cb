/** What Linux says of processes, in `/proc`. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The processes that a process has started. */
function children(parent: number): number[] {
  return readdirSync('/proc')
    .filter(
      (name) => /^\d+$/.test(name) && read(`/proc/${name}/stat`).split(') ').at(-1)?.split(' ')[1] === String(parent),
    )
    .map(Number);
}

/** The inference processes of a server. */
export const inferenceProcesses = (server: number): number[] =>
  children(server).filter((pid) => read(`/proc/${pid}/cmdline`).includes('process-main'));

/** The processes that read files beside models for a server. */
export const readingProcesses = (server: number): number[] =>
  children(server).filter((pid) => read(`/proc/${pid}/cmdline`).includes('read-main'));

/** Resident bytes of a process and of each that it has started. */
export const residentMemory = (server: number): number[] =>
  [server, ...children(server)].map(
    (pid) => Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024,
  );

/** Bytes of a process that it has for itself: no part of a file that others may have mapped, too. */
export const ownMemory = (pid: number): number =>
  Number(/^RssAnon:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1]) * 1024;

/** Waits until the inference processes of a server do nothing: what they load is loaded. */
export async function untilIdle(server: number): Promise<void> {
  const worked = () =>
    inferenceProcesses(server)
      .map((pid) => read(`/proc/${pid}/stat`).split(') ').at(-1)!.split(' ').slice(11, 13))
      .join();
  for (let before = '', now = worked(); now !== before; now = worked()) {
    before = now;
    await sleep(500);
  }
}

/** How many threads a process has. */
export const threadsOf = (pid: number): number => readdirSync(`/proc/${pid}/task`).length;

/** Nanoseconds that the main thread of a process has run. */
export const timeOf = (pid: number): number => Number(read(`/proc/${pid}/schedstat`).split(' ')[0]);

/** How many files and sockets a process and those that it has started have open. */
export const openDescriptors = (server: number): number =>
  [server, ...children(server)].reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0);
