import { Gauge, type Registry } from 'prom-client';
import { KnownError } from '../../support/errors.js';

/** A gauge of what has to be asked for. */
export interface AskedGauge<Figures> {
  name: string;
  help: string;
  /** The label that tells its values apart, where there are several. */
  label?: string;
  /** Its value, or its values by the label. */
  value(figures: Figures): number | Record<string, number>;
}

/** Registers gauges that are asked for together; while nobody answers they have no values. */
export function askedGauges<Figures>(
  gauges: readonly AskedGauge<Figures>[],
  ask: () => Promise<Figures>,
  registers: Registry[],
): void {
  let asked: Promise<Figures | undefined> | undefined;
  const figures = () => {
    asked ??= ask().catch(onlyKnown);
    // All gauges are collected in one go.
    setImmediate(() => {
      asked = undefined;
    });
    return asked;
  };
  for (const { name, help, label, value } of gauges)
    new Gauge({
      name,
      help,
      labelNames: label === undefined ? [] : [label],
      registers,
      async collect() {
        const known = await figures();
        this.reset();
        if (known === undefined) return;
        const given = value(known);
        if (typeof given === 'number') this.set(given);
        else for (const [key, count] of Object.entries(given)) this.set({ [label!]: key }, count);
      },
    });
}

function onlyKnown(error: unknown): undefined {
  if (!(error instanceof KnownError)) throw error;
}
