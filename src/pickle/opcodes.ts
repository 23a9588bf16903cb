import { findKnown } from './classes.js';
import { PickleError } from './error.js';
import { type Machine, objectCost } from './machine.js';
import { floatOf, integerOf, longOf } from './numbers.js';
import { decodeLatin1, decodeOldText, decodeUtf8, unescapeUnicode, unquote } from './text.js';
import type { PickleMap, PickleValue } from './values.js';

/** What an opcode does. */
type Handler = (machine: Machine) => void;

const push =
  (value: (machine: Machine) => PickleValue): Handler =>
  (machine) =>
    machine.push(value(machine));

const refuse =
  (what: string): Handler =>
  ({ reader }) => {
    throw new PickleError('pickle_unsupported', `has ${what} (byte ${reader.position - 1})`);
  };

const line = ({ reader }: Machine): string => decodeLatin1(reader.line());

function indexOf(machine: Machine): number {
  const index = integerOf(line(machine));
  if (typeof index !== 'number' || index < 0) throw machine.damaged('has a memo that is no number');
  return index;
}

function append(machine: Machine, values: readonly PickleValue[]): void {
  const list = machine.top();
  if (!Array.isArray(list)) throw machine.damaged('adds to a list that is none');
  for (const value of values) list.push(value);
}

function setItems(machine: Machine, dict: PickleValue, items: readonly PickleValue[]): void {
  if (!(dict instanceof Map)) throw machine.damaged('adds to a dict that is none');
  if (items.length % 2 > 0) throw machine.damaged('has a key without a value');
  for (let index = 0; index < items.length; index += 2) dict.set(items[index]!, items[index + 1]!);
}

function addItems(machine: Machine, items: readonly PickleValue[]): void {
  const set = machine.top();
  if (!(set instanceof Set)) throw machine.damaged('adds to a set that is none');
  for (const item of items) set.add(item);
}

function dictOf(machine: Machine, items: readonly PickleValue[]): PickleMap {
  machine.charge(objectCost);
  const dict: PickleMap = new Map();
  setItems(machine, dict, items);
  return dict;
}

function setOf(machine: Machine, items: readonly PickleValue[]): Set<PickleValue> {
  machine.charge(objectCost);
  return new Set(items);
}

const named = (machine: Machine, module: PickleValue, name: PickleValue): PickleValue => {
  if (typeof module !== 'string' || typeof name !== 'string') throw machine.damaged('names a class without a text');
  return findKnown(module, name, machine.reader.position);
};

const namedByLines = (machine: Machine): PickleValue => {
  const module = decodeUtf8(machine.reader.line());
  return named(machine, module, decodeUtf8(machine.reader.line()));
};

const extension = refuse('a number of an extension registry in place of a class');
const persistent = refuse('a persistent id, which stands for something outside of the file');

/** What each opcode does, by its byte: those of protocols 0 to 5. STOP is the end, and not among them. */
const table: Record<number, Handler> = {
  // Numbers and other atoms.
  78: push(() => null),
  136: push(() => true),
  137: push(() => false),
  70: push((machine) => floatOf(line(machine))),
  71: push(({ reader }) => reader.bigEndianFloat64()),
  73: push((machine) => {
    const text = line(machine);
    return text === '00' || text === '01' ? text === '01' : integerOf(text);
  }),
  74: push(({ reader }) => reader.int32()),
  75: push(({ reader }) => reader.byte()),
  77: push(({ reader }) => reader.uint16()),
  76: push((machine) => integerOf(line(machine))),
  138: push(({ reader }) => longOf(reader.take(reader.byte()))),
  139: push(({ reader }) => longOf(reader.take(reader.uint32()))),

  // Texts and bytes. A `str` of Python 2 can be either.
  83: push((machine) => decodeOldText(unquote(line(machine)))),
  84: push(({ reader }) => decodeOldText(reader.take(reader.uint32()))),
  85: push(({ reader }) => decodeOldText(reader.take(reader.byte()))),
  86: push((machine) => unescapeUnicode(line(machine))),
  88: push(({ reader }) => decodeUtf8(reader.take(reader.uint32()))),
  140: push(({ reader }) => decodeUtf8(reader.take(reader.byte()))),
  141: push(({ reader }) => decodeUtf8(reader.take(reader.uint64()))),
  66: push(({ reader }) => reader.take(reader.uint32())),
  67: push(({ reader }) => reader.take(reader.byte())),
  142: push(({ reader }) => reader.take(reader.uint64())),
  150: push(({ reader }) => reader.take(reader.uint64())),

  // Lists, tuples, dicts and sets.
  40: (machine) => machine.mark(),
  93: push(() => []),
  108: push((machine) => machine.popToMark()),
  97: (machine) => append(machine, machine.popMany(1)),
  101: (machine) => append(machine, machine.popToMark()),
  41: push(() => []),
  116: push((machine) => machine.popToMark()),
  133: push((machine) => machine.popMany(1)),
  134: push((machine) => machine.popMany(2)),
  135: push((machine) => machine.popMany(3)),
  125: push((machine) => dictOf(machine, [])),
  100: push((machine) => dictOf(machine, machine.popToMark())),
  115: (machine) => {
    const items = machine.popMany(2);
    setItems(machine, machine.top(), items);
  },
  117: (machine) => {
    const items = machine.popToMark();
    setItems(machine, machine.top(), items);
  },
  143: push((machine) => setOf(machine, [])),
  144: (machine) => addItems(machine, machine.popToMark()),
  145: push((machine) => setOf(machine, machine.popToMark())),

  // Stack and memo.
  48: (machine) => {
    if (machine.isAtMark) machine.popToMark();
    else machine.pop();
  },
  49: (machine) => {
    machine.popToMark();
  },
  50: push((machine) => machine.top()),
  103: push((machine) => machine.recall(indexOf(machine))),
  104: push((machine) => machine.recall(machine.reader.byte())),
  106: push((machine) => machine.recall(machine.reader.uint32())),
  112: (machine) => machine.remember(indexOf(machine), machine.top()),
  113: (machine) => machine.remember(machine.reader.byte(), machine.top()),
  114: (machine) => machine.remember(machine.reader.uint32(), machine.top()),
  148: (machine) => machine.remember(machine.memo.size, machine.top()),

  // Classes, and what is made of them.
  99: push(namedByLines),
  147: push((machine) => {
    const [module, name] = machine.popMany(2);
    return named(machine, module!, name!);
  }),
  82: push((machine) => {
    const [callee, args] = machine.popMany(2);
    return machine.call(callee!, args!);
  }),
  129: push((machine) => {
    const [callee, args] = machine.popMany(2);
    return machine.call(callee!, args!);
  }),
  146: push((machine) => {
    const [callee, args, keywords] = machine.popMany(3);
    if (!(keywords instanceof Map && keywords.size === 0)) throw machine.damaged('has arguments by name');
    return machine.call(callee!, args!);
  }),
  105: push((machine) => {
    const callee = namedByLines(machine);
    return machine.call(callee, machine.popToMark());
  }),
  111: push((machine) => {
    const [callee = null, ...args] = machine.popToMark();
    return machine.call(callee, args);
  }),
  98: push((machine) => {
    const [value, state] = machine.popMany(2);
    return machine.build(value!, state!);
  }),
  80: persistent,
  81: persistent,
  130: extension,
  131: extension,
  132: extension,

  // How the file is laid out.
  128: (machine) => {
    const protocol = machine.reader.byte();
    if (protocol > 5)
      throw new PickleError('pickle_unsupported', `is a pickle of protocol ${protocol}: known are 0 to 5`);
  },
  149: ({ reader }) => {
    reader.uint64();
  },
  151: refuse('a buffer that is kept outside of the file'),
  152: (machine) => {
    machine.top();
  },
};

/** What an opcode does; undefined where there is none. */
export const handlers: readonly (Handler | undefined)[] = Array.from({ length: 256 }, (_, opcode) => table[opcode]);
