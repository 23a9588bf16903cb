import { Counter, Gauge, type Registry } from 'prom-client';
import { shownStatus, versionStates } from '../../catalog/model-versions.js';
import type { KerasServeParts } from '../keras-serve.js';

/** What each version of each model does, and what is known of it. @param parts whose catalog is there once they are ready */
export function countModels(parts: Pick<KerasServeParts, 'catalog'>, registers: Registry[]): void {
  new Gauge({
    name: 'keras_serve_queue_depth',
    help: 'Requests that wait for an inference process.',
    labelNames: ['model'],
    registers,
    collect() {
      this.reset();
      for (const { name, versions } of parts.catalog.models)
        for (const { model } of versions) this.inc({ model: name }, model?.queued ?? 0);
    },
  });
  new Gauge({
    name: 'keras_serve_model_state',
    help: 'What each version of each model is doing: 1 for its state, 0 for the others.',
    labelNames: ['model', 'version', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { name, versions } of parts.catalog.models)
        for (const known of versions) {
          const { state } = shownStatus(known);
          const { version } = known;
          for (const one of versionStates) this.set({ model: name, version, state: one }, one === state ? 1 : 0);
        }
    },
  });
  new Counter({
    name: 'keras_serve_model_load_failures_total',
    help: 'How often a version of a model could not be loaded.',
    labelNames: ['model', 'version'],
    registers,
    collect() {
      this.reset();
      for (const { name, versions } of parts.catalog.models)
        for (const { version, failures } of versions) this.inc({ model: name, version }, failures);
    },
  });
  new Gauge({
    name: 'keras_serve_assumptions',
    help: 'How much of a version of a model is inferred, in place of a card that says it, by how sure it is.',
    labelNames: ['model', 'version', 'certainty'],
    registers,
    collect() {
      this.reset();
      // Those who have the models tell it.
      if (parts.catalog.workers) return;
      for (const { name, versions } of parts.catalog.models)
        for (const { version, model } of versions)
          for (const { certainty } of model?.assumptions ?? []) this.inc({ model: name, version, certainty }, 1);
    },
  });
  new Gauge({
    name: 'keras_serve_anomalies',
    help: 'What looks like nonsense in what goes into a version of a model or comes out: 1 once it has been noticed, until the model is loaded anew.',
    labelNames: ['model', 'version', 'key', 'anomaly'],
    registers,
    collect() {
      this.reset();
      for (const { name, versions } of parts.catalog.models)
        for (const { version, model } of versions)
          for (const { key, anomaly } of model?.anomalies ?? []) this.set({ model: name, version, key, anomaly }, 1);
    },
  });
}
