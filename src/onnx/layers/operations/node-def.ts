import type { Config, ConfigValue } from '../../../keras/model.js';
import type { CallArgument } from '../../context.js';

const isObject = (value: ConfigValue | undefined): value is Config =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The operation that a TensorFlowOpLayer holds: TensorFlow's `NodeDef`. */
export interface NodeDef {
  op: string;
  attributes: Record<string, CallArgument>;
}

/** `DT_FLOAT` and its like by Keras's names. */
const types: Record<string, string> = {
  DT_FLOAT: 'float32',
  DT_HALF: 'float16',
  DT_BFLOAT16: 'bfloat16',
  DT_DOUBLE: 'float64',
  DT_BOOL: 'bool',
  DT_UINT8: 'uint8',
  DT_INT8: 'int8',
  DT_UINT16: 'uint16',
  DT_INT16: 'int16',
  DT_INT32: 'int32',
  DT_INT64: 'int64',
};

/** An `AttrValue` in protobuf's JSON: integers are strings, and strings are in base64. */
function attribute(value: ConfigValue): CallArgument {
  if (!isObject(value)) return null;
  if (typeof value.type === 'string') return types[value.type] ?? value.type;
  if (typeof value.s === 'string') return Buffer.from(value.s, 'base64').toString('latin1');
  if (isObject(value.list)) {
    const [items] = Object.values(value.list);
    return Array.isArray(items) ? items.map((item) => (typeof item === 'string' ? Number(item) : null)) : null;
  }
  if (value.i !== undefined) return Number(value.i);
  if (typeof value.f === 'number' || typeof value.b === 'boolean') return value.f ?? value.b ?? null;
  return null;
}

/** The node of a TensorFlowOpLayer's config; undefined when it is no JSON. */
export function nodeDefOf(config: Config): NodeDef | undefined {
  const { node_def: node } = config;
  if (!isObject(node) || typeof node.op !== 'string') return undefined;
  const attributes = isObject(node.attr) ? node.attr : {};
  return {
    op: node.op,
    attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, attribute(value)])),
  };
}
