import { ownTime } from '../support/processor-time.js';
import { decompressed } from './container.js';
import { PickleError } from './error.js';
import { type Budget, Machine } from './machine.js';
import { handlers } from './opcodes.js';
import { PickleReader } from './pickle-reader.js';
import type { PickleValue } from './values.js';

/** What one file may be and cost. */
export const pickleLimits = {
  /** Of the file, and of what it is unpacked, in bytes. */
  bytes: 5 * 2 ** 20,
  unpacked: 50 * 2 ** 20,
  /** Of all that is made of it. */
  made: 256 * 2 ** 20,
  /** Marks that are open at once. */
  marks: 1000,
  /** Pickles in pickles: joblib's arrays of objects. */
  nested: 4,
  /** Milliseconds that are computed. */
  time: 5000,
};

const stop = 0x2e;

/** What a value takes in memory, about, in bytes. */
const costs = { opcode: 40 };

/**
 * Reads a pickle of protocol 0 to 5, plain or as joblib writes it, packed or not, and makes inert data of it: nothing is imported,
 * and nothing called but the makers in the table of classes.
 * @throws PickleError
 */
export function readPickle(file: Uint8Array): PickleValue {
  if (file.length > pickleLimits.bytes)
    throw new PickleError('pickle_too_large', `is larger than ${pickleLimits.bytes / 2 ** 20} MB`);
  const deadline = ownTime() + pickleLimits.time;
  const reader = new PickleReader(decompressed(file, pickleLimits.unpacked, deadline));
  const budget: Budget = { bytes: pickleLimits.made, marks: pickleLimits.marks };
  return run(reader, budget, deadline, 0);
}

function run(reader: PickleReader, budget: Budget, deadline: number, depth: number): PickleValue {
  if (depth > pickleLimits.nested) throw new PickleError('pickle_too_large', 'has pickles in pickles too deeply');
  const machine = new Machine(reader, budget, () => run(reader, budget, deadline, depth + 1));
  for (let count = 1; ; count++) {
    const opcode = reader.byte();
    if (opcode === stop) return machine.pop();
    const handler = handlers[opcode];
    if (!handler) throw machine.damaged('has an opcode that there is not');
    machine.charge(costs.opcode);
    handler(machine);
    if (count % 1024 === 0 && ownTime() > deadline) throw new PickleError('pickle_too_large', 'takes too long to read');
  }
}
