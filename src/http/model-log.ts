import { isDeepStrictEqual } from 'node:util';
import type { FastifyBaseLogger } from 'fastify';
import { noteLine } from '../cards/card-note.js';
import type { Catalog, CatalogEvents } from '../catalog/catalog.js';
import type { ServedModel } from '../catalog/served-model.js';
import { CARD_FILE } from '../support/card-file.js';
import { KnownError } from '../support/errors.js';
import { listen } from '../support/listen.js';

/** How pictures and rows are brought to size is guessed of nearly every model: no warning, which would hide what decides an answer. */
const minor = /\.(resize|interpolation|padding)$/;

/**
 * Logs what happens to the models of a catalog.
 * @returns `started` logs how the start went, which took so many milliseconds; `stop` ends it
 */
export function logModels(
  log: FastifyBaseLogger,
  catalog: Catalog,
): { started: (milliseconds: number) => void; stop: () => void } {
  /** A model, with its version where it has several. */
  const nameOf = ({ name, version }: { name: string; version: number }) => {
    const versions = catalog.get(name)?.versions ?? [];
    return versions.length > 1 || version > 1 ? `${name} version ${version}` : name;
  };
  const said = new Set<string>();
  /** What was said and inferred of each version when it was loaded last. */
  const inferred = new Map<string, Pick<ServedModel, 'card' | 'assumptions'>>();
  const logChange = (name: string, version: number, { card, assumptions }: ServedModel) => {
    const id = `${name}/${version}`;
    const before = inferred.get(id);
    inferred.set(id, { card, assumptions });
    // Who has changed the card knows.
    if (!isDeepStrictEqual(before?.card, card)) return;
    for (const { key, value } of before!.assumptions) {
      const now = assumptions.find((one) => one.key === key);
      if (now && isDeepStrictEqual(now.value, value)) continue;
      const is = now ? `now ${now.text ?? JSON.stringify(now.value)}` : 'no longer inferred';
      log.warn(
        { model: name, version },
        `${nameOf({ name, version })}: ${key} was ${JSON.stringify(value)?.slice(0, 100)}, and is ${is}`,
      );
    }
  };
  const logNotes = (name: string, version: number, model: ServedModel) => {
    logChange(name, version, model);
    for (const note of model.notes) {
      const line = noteLine(note);
      if (!note.general) log[note.level]({ model: name, version }, `${nameOf({ name, version })}: ${line}`);
      else if (!said.has(line)) log[note.level](line);
      if (note.general) said.add(line);
    }
    const guessed = model.assumptions.filter(({ certainty, key }) => certainty === 'guess' && !minor.test(key));
    const keys = guessed.map(({ key, value, text = JSON.stringify(value) }) => `${key} (${text})`);
    if (keys.length > 0)
      log.warn(
        { model: name, version },
        `${nameOf({ name, version })}: guessed, and maybe wrong: ${keys.join('; ')}. ${CARD_FILE} beside the model can say what is right`,
      );
  };
  const logFailure = ({ name, version, error, isChange }: CatalogEvents['failed'][0]) => {
    const { code, message } = error as Error & { code?: string };
    log.error(
      { model: name, version, code, ...(!(error instanceof KnownError) && { err: error }) },
      isChange
        ? `${nameOf({ name, version })} has changed and can't be loaded; the one before goes on serving: ${message}`
        : `${nameOf({ name, version })} can't be loaded: ${message}`,
    );
  };
  let isStarted = false;
  const stop = listen(catalog, {
    available({ name, version, model, milliseconds, isChange }) {
      if (!isStarted && catalog.models.length === 1) return;
      const ms = Math.round(milliseconds);
      const what = `${nameOf({ name, version })} is loaded and warm after ${ms} ms`;
      log.info({ model: name, version, ms }, isChange ? `${what} and serves in the place of the one before` : what);
      if (isStarted) logNotes(name, version, model);
    },
    gone: ({ name, version }) => {
      inferred.delete(`${name}/${version}`);
      log.info({ model: name, version }, `${nameOf({ name, version })} is gone and no longer served`);
    },
    // What there was before the start is told by it.
    failed: (failure) => isStarted && logFailure(failure),
    anomaly: ({ name, version, anomaly: { key, anomaly, message } }) =>
      log.warn({ model: name, version, anomaly }, `${nameOf({ name, version })}: ${key}: ${message}`),
    notice: (message) => isStarted && log.warn(message),
  });

  const started = (milliseconds: number) => {
    const ms = Math.round(milliseconds);
    isStarted = true;
    const loaded = catalog.models.filter(({ versions }) => versions.some(({ model }) => model));
    if (catalog.models.length === 0) log.info('no model is there yet: the folder is watched for the first');
    const names = loaded.length === 1 ? `${loaded[0]!.name} is` : `${loaded.length} models are`;
    if (loaded.length > 0) log.info({ ms }, `${names} loaded and warm after ${ms} ms`);
    for (const { name, versions } of catalog.models)
      for (const { version, model, error } of versions) {
        if (model) logNotes(name, version, model);
        if (error) logFailure({ name, version, error: error.cause, isChange: model !== undefined });
      }
    // Who has an empty folder watched means it.
    for (const notice of catalog.notices) log[catalog.models.length === 0 ? 'info' : 'warn'](notice);
    if (catalog.models.length > 0 && !loaded.some(({ name }) => name === catalog.defaultName))
      log.warn(`${catalog.defaultName} isn't loaded, so /predict answers 503: --default-model names another`);
  };
  return { started, stop };
}
