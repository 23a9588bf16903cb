import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog } from './catalog.js';
import type { FoundModel, FoundModels, FoundVersion } from './found-model.js';
import type { ModelFolders } from './model-folders.js';

/** Milliseconds between two looks. */
const interval = 1_000;

/** Versions by model and number. */
type Versions = Map<string, { model: FoundModel; source: FoundVersion }>;

const versionsOf = (models: readonly FoundModel[]): Versions =>
  new Map(
    models.flatMap((model) =>
      model.versions.map((source) => [`${model.name}/${source.version}`, { model, source }] as const),
    ),
  );

/**
 * Keeps a catalog as its folders are, until it is closed. Looks at them again and again: what the system tells of changes is
 * incomplete for network folders and containers. A change counts once two looks found the same, so that a file that is being
 * written, or briefly away, is left alone.
 *
 * @param first what the catalog was started with
 */
export async function watch(folders: ModelFolders, catalog: Catalog, first: FoundModels): Promise<void> {
  const settled = versionsOf(first.models);
  let before = versionsOf(first.models);
  while (await pause(catalog.signal)) {
    try {
      const found = await folders.scan();
      const now = versionsOf(found.models);
      settle(settled, before, now);
      before = now;
      catalog.notice(found.notices);
      await catalog.update(modelsOf(settled));
    } catch (error) {
      catalog.notice([(error as Error).message]);
    }
  }
}

/** Takes over what two looks agree on. */
function settle(settled: Versions, before: Versions, now: Versions): void {
  for (const [key, version] of now)
    if (before.get(key)?.source.fingerprint === version.source.fingerprint) settled.set(key, version);
  for (const key of settled.keys()) if (!now.has(key) && !before.has(key)) settled.delete(key);
}

function modelsOf(versions: Versions): FoundModel[] {
  const models = new Map<string, FoundModel>();
  for (const { model, source } of versions.values()) {
    const known = models.get(model.name)?.versions ?? [];
    models.set(model.name, { ...model, versions: [...known, source] });
  }
  return [...models.values()];
}

/** Whether to look again. */
const pause = (signal: AbortSignal): Promise<boolean> =>
  sleep(interval, true, { signal, ref: false }).catch(() => false);
