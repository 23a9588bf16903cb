import type { TextReader } from './kind.js';
import { type Claimed, inputKind } from './kinds.js';
import { jsonOfText } from './text-value.js';

/**
 * What reads the bare text of a form field or of a cell of CSV as a value in JSON: as the kind of its input does, else as JSON.
 * @param column the column of the input that it is of; undefined where it is the whole value
 */
export const textReaderOf = ({ kind, spec }: Claimed, column?: string): TextReader =>
  inputKind(kind).textReader?.(spec, column) ?? jsonOfText;
