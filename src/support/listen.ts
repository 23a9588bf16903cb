import type { EventEmitter } from 'node:events';

/**
 * Listens to an emitter.
 * @returns ends that
 */
export function listen<Events extends { [Name in keyof Events]: unknown[] }>(
  emitter: EventEmitter<Events>,
  listeners: { [Name in keyof Events]?: (...args: Events[Name]) => void },
): () => void {
  const all = Object.entries(listeners) as [string, (...args: unknown[]) => void][];
  const plain = emitter as unknown as EventEmitter;
  for (const [name, listener] of all) plain.on(name, listener);
  return () => {
    for (const [name, listener] of all) plain.off(name, listener);
  };
}
