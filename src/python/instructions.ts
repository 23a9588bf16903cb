import { DamagedError, FunctionError } from './error.js';
import type { PythonVersion } from './opcodes.js';

/** One instruction with its number. */
export interface Instruction {
  name: string;
  argument: number;
}

/** What is said of a function that has instructions of other statements. */
export const more = 'it does more than work out one value: it branches, loops, imports or defines';

/** More than an expression has. */
const longest = 5000;

/**
 * The instructions of a function by one Python's table.
 * @throws FunctionError for one that no expression has
 */
export function readInstructions(code: Uint8Array, { opcodes, caches }: PythonVersion): Instruction[] {
  if (code.length % 2 !== 0 || code.length > 2 * longest) throw new FunctionError('its code is too large');
  const instructions: Instruction[] = [];
  let high = 0;
  for (let at = 0; at < code.length; at += 2) {
    const instruction = opcodes.get(code[at]!);
    if (instruction === undefined) throw new FunctionError(more);
    const argument = (high << 8) | code[at + 1]!;
    if (argument > 0xffff) throw new FunctionError('its code is too large');
    high = 0;
    if (instruction === 'EXTENDED_ARG') {
      high = argument;
      continue;
    }
    instructions.push({ name: instruction, argument });
    for (let cache = caches[instruction] ?? 0; cache > 0; cache--) {
      at += 2;
      if (code[at] !== 0 || code[at + 1] !== 0) throw new DamagedError();
    }
  }
  return instructions;
}
