import type { ByteReader } from '../support/byte-reader.js';
import { DamagedError } from './error.js';
import { type CodeLayout, type CodeObject, type Marshalled, Tuple } from './values.js';

/** The fields of code objects in the order in which each layout has them. Those of bare numbers have an `#`. */
const layouts: Record<CodeLayout, string> = {
  '3.6':
    '#argumentCount #keywordOnlyCount #variableCount #stackSize #flags instructions constants names variables free cells ' +
    'file name #line lines',
  '3.8':
    '#argumentCount #positionalOnlyCount #keywordOnlyCount #variableCount #stackSize #flags instructions constants names ' +
    'variables free cells file name #line lines',
  '3.11':
    '#argumentCount #positionalOnlyCount #keywordOnlyCount #stackSize #flags instructions constants names variables kinds ' +
    'file name qualifiedName #line lines exceptions',
};

const items = (value: Marshalled): readonly Marshalled[] => {
  if (value instanceof Tuple) return value.items;
  throw new DamagedError();
};

/** Letters of a name: far more than a person gives. */
const longestName = 200;

const names = (value: Marshalled): string[] =>
  items(value).map((name) => {
    if (typeof name === 'string' && name.length <= longestName) return name;
    throw new DamagedError();
  });

const bytes = (value: Marshalled): Uint8Array => {
  if (value instanceof Uint8Array) return value;
  throw new DamagedError();
};

/** What Python 3.11 and later say of a variable: that it is of the function, that inner ones use it, that one around has it. */
const kinds = { local: 0x20, cell: 0x40, free: 0x80 };

/** What the values of a code object's fields are read with. */
export interface ValueReader {
  readonly bytes: ByteReader;
  read(): Marshalled;
}

/** @throws FunctionError when a field isn't what the layout has there */
export function readCode(reader: ValueReader, layout: CodeLayout): CodeObject {
  const numbers: Record<string, number> = {};
  const values: Record<string, Marshalled> = {};
  for (const field of layouts[layout].split(' ')) {
    if (field.startsWith('#')) numbers[field.slice(1)] = reader.bytes.int32();
    else values[field] = reader.read();
  }
  const { argumentCount, keywordOnlyCount, flags } = numbers as Record<string, number>;
  const all = names(values.variables!);
  const { name } = values;
  if (typeof name !== 'string' || name.length > longestName || typeof values.file !== 'string' || (flags ?? 0) < 0)
    throw new DamagedError();
  bytes(values.lines!);
  const code = {
    kind: 'code' as const,
    argumentCount: argumentCount!,
    keywordOnlyCount: keywordOnlyCount!,
    flags: flags!,
    instructions: bytes(values.instructions!),
    constants: items(values.constants!),
    names: names(values.names!),
    name,
  };
  if (!(code.argumentCount >= 0 && code.argumentCount + code.keywordOnlyCount <= all.length)) throw new DamagedError();
  if (layout !== '3.11') {
    if (numbers.variableCount !== all.length) throw new DamagedError();
    return { ...code, variables: all, cells: names(values.cells!), free: names(values.free!) };
  }
  const kindOf = bytes(values.kinds!);
  if (kindOf.length !== all.length) throw new DamagedError();
  const ofKind = (kind: number) => all.filter((_, index) => kindOf[index]! & kind);
  // Instructions count all variables in one row.
  return { ...code, variables: all, cells: ofKind(kinds.cell), free: ofKind(kinds.free) };
}
