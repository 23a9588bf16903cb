import { totalmem } from 'node:os';
import v8 from 'node:v8';
import vm from 'node:vm';

/** V8's collector of garbage, of the young generation alone if asked. It sets a flag of V8's for the whole process. */
export function garbageCollector(): (options?: { type: 'minor' }) => void {
  v8.setFlagsFromString('--expose-gc');
  return vm.runInNewContext('gc');
}

/** Bytes that V8's objects hold outside of its heap. */
const externalBytes = (): number => v8.getHeapStatistics().external_memory;

/** Bytes of buffers that may pile up before they are looked through. */
const limit = 8 * 2 ** 20;

/**
 * Keeps the memory of this process low where many buffers come and go. V8 sees the small objects that hold them and not what
 * they hold, and would let tens of megabytes of them lie. It sets V8's flags for the whole process, so only a process of ours
 * may call it.
 *
 * @returns what to call after each piece of work
 */
export function collectBuffers(): () => void {
  // A young generation that stays small is looked through often.
  v8.setFlagsFromString('--semi-space-growth-factor=1');
  const collect = garbageCollector();
  let kept = 0;
  return () => {
    const external = externalBytes();
    kept = Math.min(kept, external);
    if (external - kept < limit) return;
    collect({ type: 'minor' });
    kept = externalBytes();
  };
}

/** Half of the memory that this process may have, in bytes: by the limit of its control group where there is one. */
export function defaultMaxMemory(): number {
  const constrained = process.constrainedMemory();
  return Math.floor((constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()) / 2);
}
