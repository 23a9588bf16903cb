/** What Linux says of processes, in `/proc`. */
import { readdirSync, readFileSync } from 'node:fs';

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
