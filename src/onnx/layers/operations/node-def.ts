import type { Config, ConfigValue } from '../../../keras/model.js';
import type { CallArgument } from '../../context.js';
import { type NodeDef, nodeDefFromBytes, typeNames } from './node-def-bytes.js';

const isObject = (value: ConfigValue | undefined): value is Config =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An `AttrValue` in protobuf's JSON: integers are strings, and strings are in base64. */
function attribute(value: ConfigValue): CallArgument {
  if (!isObject(value)) return null;
  if (typeof value.type === 'string') return typeNames[value.type] ?? value.type;
  if (typeof value.s === 'string') return Buffer.from(value.s, 'base64').toString('latin1');
  if (isObject(value.list)) {
    const [items] = Object.values(value.list);
    return Array.isArray(items) ? items.map((item) => (typeof item === 'string' ? Number(item) : null)) : null;
  }
  if (value.i !== undefined) return Number(value.i);
  if (typeof value.f === 'number' || typeof value.b === 'boolean') return value.f ?? value.b ?? null;
  return null;
}

/** The node of a TensorFlowOpLayer's config: JSON, or the text of its bytes as the first versions wrote it. */
export function nodeDefOf(config: Config): NodeDef | undefined {
  const { node_def: node } = config;
  if (typeof node === 'string') return nodeDefFromBytes(Buffer.from(node, 'utf8'));
  if (!isObject(node) || typeof node.op !== 'string') return undefined;
  const attributes = isObject(node.attr) ? node.attr : {};
  return {
    op: node.op,
    attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, attribute(value)])),
  };
}
