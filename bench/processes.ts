import { readdirSync, readFileSync } from 'node:fs';

/** What a tree of processes costs, from Linux's `/proc`. */
export interface Usage {
  /** Bytes; memory that processes share is counted once (proportional set size). */
  memory: number;
  /** Seconds of processor time, user and system. */
  cpu: number;
}

const ticksPerSecond = 100;

function stat(pid: number): { parent: number; cpu: number; ended: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const seconds = (first: number) => (Number(fields[first]) + Number(fields[first + 1])) / ticksPerSecond;
    return { parent: Number(fields[1]), cpu: seconds(11), ended: seconds(13) };
  } catch {
    return undefined;
  }
}

/** Seconds of processor time that a process has had so far, user and system; 0 once it has ended. */
export const cpuOf = (pid: number): number => stat(pid)?.cpu ?? 0;

function memoryOf(pid: number): number {
  try {
    return Number(/^Pss: +(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** A process and all that descend from it. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = stat(Number(name))?.parent;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** Seconds of processor time of a process and its descendants, those that have ended among them. */
export const cpuOfAll = (root: number): number =>
  processTree(root).reduce((sum, pid) => sum + (stat(pid)?.cpu ?? 0) + (stat(pid)?.ended ?? 0), 0);

/** What a process and its descendants cost so far. */
export function usageOf(root: number): Usage {
  const tree = processTree(root);
  return {
    memory: tree.reduce((sum, pid) => sum + memoryOf(pid), 0),
    cpu: tree.reduce((sum, pid) => sum + (stat(pid)?.cpu ?? 0), 0),
  };
}
