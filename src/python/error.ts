import { InternalSignal } from '../support/errors.js';

/** A function that isn't read: it is too large, or does what no expression does. The message is a sentence about "it". */
export class FunctionError extends InternalSignal {}

/** Bytes that aren't what one Python, or any, makes of a function. */
export class DamagedError extends FunctionError {
  constructor() {
    super('its code is not what Python writes');
  }
}
