import type { Expression } from './expression.js';
import { ellipsis, type PythonConstant, Tuple } from './values.js';

/** How closely operators bind: those that bind closer need no brackets beside others. */
const binding: Record<string, number> = {
  '|': 2,
  '^': 3,
  '&': 4,
  '<<': 5,
  '>>': 5,
  '+': 6,
  '-': 6,
  '*': 7,
  '/': 7,
  '//': 7,
  '%': 7,
  '@': 7,
  '**': 9,
};
const comparison = 1;
const unary = 8;
const closest = 10;

const bindingOf = (expression: Expression): number => {
  if (expression.kind === 'binary') return binding[expression.operator] ?? comparison;
  if (expression.kind === 'unary') return unary;
  if (expression.kind === 'constant' && isNumeric(expression.value))
    return Number(expression.value) < 0 ? unary : closest;
  return closest;
};

const isNumeric = (value: PythonConstant): value is bigint | number =>
  typeof value === 'number' || typeof value === 'bigint';

function float(value: number): string {
  if (!Number.isFinite(value)) return `float("${String(value).replace('Infinity', 'inf').toLowerCase()}")`;
  const text = String(value);
  return /[.e]/.test(text) ? text : `${Object.is(value, -0) ? '-0' : text}.0`;
}

/** A constant as Python writes it. */
export function showConstant(value: PythonConstant): string {
  if (value === null) return 'None';
  if (value === ellipsis) return '...';
  if (value instanceof Tuple) {
    const items = value.items.map(showConstant);
    return `(${items.join(', ')}${items.length === 1 ? ',' : ''})`;
  }
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return float(value);
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** A subscript: tuples have no brackets there. */
function key(expression: Expression): string {
  if (expression.kind === 'tuple' && expression.items.length > 0)
    return `${expression.items.map(show).join(', ')}${expression.items.length === 1 ? ',' : ''}`;
  if (expression.kind === 'constant' && expression.value instanceof Tuple && expression.value.items.length > 0)
    return showConstant(expression.value).slice(1, -1);
  return show(expression);
}

const isNone = (expression: Expression) => expression.kind === 'constant' && expression.value === null;

/** An expression as a line of Python. */
export function show(expression: Expression): string {
  const within = (part: Expression, least: number) => (bindingOf(part) < least ? `(${show(part)})` : show(part));
  switch (expression.kind) {
    case 'constant':
      return showConstant(expression.value);
    case 'parameter':
    case 'closure':
    case 'global':
      return expression.name;
    case 'attribute':
      return `${within(expression.of, closest)}.${expression.name}`;
    case 'unary':
      return `${expression.operator}${within(expression.operand, unary)}`;
    case 'binary': {
      const own = bindingOf(expression);
      const toRight = expression.operator === '**';
      const [left, right] = [expression.left, expression.right];
      return `${within(left, toRight || own === comparison ? own + 1 : own)} ${expression.operator} ${within(right, toRight ? unary : own + 1)}`;
    }
    case 'item':
      return `${within(expression.of, closest)}[${key(expression.key)}]`;
    case 'unpacked':
      return `${within(expression.of, closest)}[${expression.index}]`;
    case 'slice':
      return expression.bounds.map((bound, index) => (isNone(bound) && !(index === 2) ? '' : show(bound))).join(':');
    case 'tuple':
      return `(${expression.items.map(show).join(', ')}${expression.items.length === 1 ? ',' : ''})`;
    case 'list':
      return `[${expression.items.map(show).join(', ')}]`;
    case 'call': {
      const named = expression.named.map(([name, value]) => `${name}=${show(value)}`);
      return `${within(expression.callee, closest)}(${[...expression.args.map(show), ...named].join(', ')})`;
    }
  }
}
