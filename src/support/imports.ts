let last: Promise<unknown> = Promise.resolve();

/**
 * Imports a module once all that was asked for before is there. Of imports that share modules and run side by side, Node.js 20
 * may never finish one.
 * @param load `() => import('./module.js')`
 */
export function importInTurn<T>(load: () => Promise<T>): Promise<T> {
  const loading = last.then(load);
  last = loading.catch(() => undefined);
  return loading;
}
