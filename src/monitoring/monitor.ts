import { EventEmitter } from 'node:events';
import type { Anomaly } from '../../schemas/models.js';
import type { ModelKinds } from '../datapoints/kinds.js';
import { rowsOf } from '../inference/batch.js';
import type { ModelHints } from '../inference/model-hints.js';
import type { Signature, TensorInfo, Tensors } from '../support/tensor.js';
import type { Check, Known, Run } from './check.js';
import { checks } from './checks.js';
import { Distinct } from './distinct.js';
import { Sample } from './sample.js';

/** What a monitor tells. */
export interface MonitorEvents {
  /** Something has been noticed: once for each input or output while a model is loaded. */
  anomaly: [anomaly: Anomaly];
}

/**
 * The rows of one request that are looked at, evenly spread: all of a few, and of many so few that it takes no time beside them. Of
 * answers with many elements, fewer.
 */
const rowsLookedAt = (rows: number): number => Math.min(rows, Math.max(8, Math.min(64, Math.floor(rows / 16))));

/** The elements of the answers of one request that may be looked at, unless one row has more. */
const mostAnswered = 2 ** 15;

interface Open {
  check: Check;
  run: Run;
  /** Datapoints in the run. */
  count: number;
}

/**
 * Notices nonsense in what goes into a model and what comes out. It keeps ranges and counts of a run of datapoints, never values, in
 * constant memory, and changes nothing.
 */
export class Monitor {
  /** What has been noticed since the model was loaded. */
  readonly anomalies: Anomaly[] = [];
  readonly events = new EventEmitter<MonitorEvents>();
  private open: Open[];
  private readonly distinct = new Distinct();
  private readonly inputs: Record<string, Sample>;
  private readonly outputs: Record<string, Sample>;

  constructor({ inputs, outputs }: Signature, kinds: ModelKinds, hints: ModelHints | null) {
    const known: Known = {
      inputs: inputs.map((info, index) => ({
        info,
        claimed: kinds.inputs[info.name]!,
        hints: hints?.inputs?.[index],
      })),
      outputs: outputs.map((info) => ({ info, claimed: kinds.outputs[info.name]! })),
    };
    this.open = checks.flatMap((checksOf) => checksOf(known)).map(opened);
    this.inputs = samplesOf(inputs);
    this.outputs = samplesOf(outputs);
  }

  /**
   * Looks at what a model was given and what it has answered, if only at some of it. Never fails.
   * @param raw the inputs that were given as pixels
   */
  observe(inputs: Tensors, outputs: Tensors, raw: readonly string[]): void {
    const rows = rowsOf(inputs);
    if (this.open.length === 0 || !rows || rowsOf(outputs) !== rows) return;
    const answered = Object.values(outputs).reduce((sum, { data }) => sum + data.length, 0) / rows;
    const taken = Math.min(rowsLookedAt(rows), Math.max(1, Math.floor(mostAnswered / answered)));
    try {
      for (let index = 0; index < taken; index++) this.look(Math.floor((index * rows) / taken), inputs, outputs, raw);
    } catch {
      // An answer is worth more than what could be noticed of it.
      this.open = [];
    }
  }

  private look(row: number, inputs: Tensors, outputs: Tensors, raw: readonly string[]): void {
    let hash = 0;
    for (const name in this.inputs) {
      this.inputs[name]!.take(inputs[name]!, row);
      hash = this.inputs[name]!.hash(hash);
    }
    if (!this.distinct.isNew(hash)) return;
    for (const name in this.outputs) this.outputs[name]!.take(outputs[name]!, row);
    const observed = { inputs: this.inputs, outputs: this.outputs, raw };
    this.open = this.open.filter((open) => {
      open.run.add(observed);
      if (++open.count < open.check.length) return true;
      const message = open.run.verdict();
      Object.assign(open, opened(open.check));
      if (message !== undefined) this.report({ key: open.check.key, anomaly: open.check.anomaly, message });
      return message === undefined;
    });
  }

  private report(anomaly: Anomaly): void {
    this.anomalies.push(anomaly);
    this.events.emit('anomaly', anomaly);
  }
}

const opened = (check: Check): Open => ({ check, run: check.begin(), count: 0 });

const samplesOf = (infos: readonly TensorInfo[]): Record<string, Sample> =>
  Object.fromEntries(infos.map(({ name }) => [name, new Sample()]));
