import type { Anomaly } from '../../schemas/models.js';
import type { Claimed } from '../datapoints/kinds.js';
import type { TensorInfo } from '../support/tensor.js';
import type { KnownInput } from './expectations.js';
import type { Sample } from './sample.js';

/** An output of a model. */
export interface KnownOutput {
  info: TensorInfo;
  claimed: Claimed;
}

/** What is known of a model when checks are chosen for it. */
export interface Known {
  inputs: readonly KnownInput[];
  outputs: readonly KnownOutput[];
}

/** A datapoint with its answer. */
export interface Observed {
  inputs: Readonly<Record<string, Sample>>;
  outputs: Readonly<Record<string, Sample>>;
  /** The inputs that are pixels of pictures, not yet prepared. */
  raw: readonly string[];
}

/** What is collected of a run of datapoints. */
export interface Run {
  add(observed: Observed): void;
  /** What was noticed and what may be the reason, for people, in counts and never in values; undefined where nothing was. */
  verdict(): string | undefined;
}

/** Looks at one input or output of a model. */
export interface Check {
  anomaly: Anomaly['anomaly'];
  /** Of which input or output: `inputs.house`. */
  key: string;
  /** How many datapoints that differ a run has. It is judged at its end, and the next begins with nothing. */
  length: number;
  begin(): Run;
}

/** The checks of one kind that can be made of a model. */
export type ChecksOf = (known: Known) => readonly Check[];
