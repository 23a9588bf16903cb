import { InternalSignal } from '../support/errors.js';
import type { TensorData, TensorType } from '../support/tensor.js';
import { attributeTypes, dataTypes, type LaterBytes, type Message } from './protobuf.js';
import { prune } from './prune.js';

/** The size of an axis; null where it is known only when the model runs. */
export type Dimension = number | null;

/** Tensors whose shapes don't fit the operator that takes them: the file is damaged or hostile. */
export class ShapeError extends InternalSignal {}

/** Elements of one sample's tensor beyond which a model is refused: 1 GiB of float32. */
const largestTensor = 2 ** 28;

/** A shape for a message. */
export const showShape = (shape: readonly Dimension[]): string => `(${shape.map((size) => size ?? '?').join(', ')})`;

/** @throws ShapeError when a size is no size, or a tensor is too large */
export function checkShape(shape: readonly Dimension[]): void {
  if (shape.some((size) => size !== null && !(Number.isSafeInteger(size) && size >= 0)))
    throw new ShapeError(`its settings don't fit its input: they give the shape ${showShape(shape)}`);
  if (shape.reduce<number>((count, size) => count * (size ?? 1), 1) > largestTensor)
    throw new ShapeError(`a tensor of the shape ${showShape(shape)} is too large`);
}

/**
 * A tensor in the graph that is being built: its ONNX name with what is known of it. Operators (see `operators/`) take
 * values and return new ones, inferring type and shape as they go.
 */
export class Value {
  /** Keras's mask for this tensor: a bool value of its shape without the last axes, or undefined. */
  mask: Value | undefined;
  /** The dtype of the layer that made it, in which Keras computes, where that is known. */
  computedIn: string | undefined;
  /** The node that makes it: an input of the graph and a constant have none. */
  madeBy: Node | undefined;

  constructor(
    readonly graph: GraphBuilder,
    readonly name: string,
    readonly type: TensorType,
    readonly shape: readonly Dimension[],
    /** The content, where it is a constant. */
    readonly data?: TensorData,
  ) {}

  get rank(): number {
    return this.shape.length;
  }
}

/** An ONNX attribute. Integers are INT and INTS, other numbers must be marked with {@link float} and {@link floats}. */
export type Attribute =
  | number
  | Float
  | Floats
  | string
  | readonly number[]
  | readonly string[]
  | GraphBuilder
  | undefined;

class Float {
  constructor(readonly value: number) {}
}

class Floats {
  constructor(readonly values: readonly number[]) {}
}

/** Marks a number as an attribute of type FLOAT. */
export const float = (value: number): Float => new Float(value);

/** Marks numbers as an attribute of type FLOATS. */
export const floats = (values: readonly number[]): Floats => new Floats(values);

const isStrings = (values: readonly number[] | readonly string[]): values is readonly string[] =>
  typeof values[0] === 'string';

function attribute(name: string, value: Exclude<Attribute, undefined>): Message {
  if (typeof value === 'number') return { name, i: value, type: attributeTypes.int };
  if (typeof value === 'string') return { name, s: value, type: attributeTypes.string };
  if (value instanceof Float) return { name, f: value.value, type: attributeTypes.float };
  if (value instanceof Floats) return { name, floats: value.values, type: attributeTypes.floats };
  if (value instanceof GraphBuilder) return { name, g: value.message(name), type: attributeTypes.graph };
  if (isStrings(value)) return { name, strings: value, type: attributeTypes.strings };
  return { name, ints: value, type: attributeTypes.ints };
}

const valueInfo = (value: Value): Message => ({
  name: value.name,
  type: {
    tensor_type: {
      elem_type: dataTypes[value.type],
      shape: {
        dim: value.shape.map((size, axis) =>
          size === null ? { dim_param: axis === 0 ? 'batch' : `${value.name}_${axis}` } : { dim_value: size },
        ),
      },
    },
  },
});

const bytesOf = (data: TensorData) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** A node of a graph that is being built. */
export interface Node {
  name: string;
  /** Without its domain. */
  opType: string;
  domain: string;
  /** undefined is an optional input that is left out. */
  inputs: readonly (Value | undefined)[];
  attributes: Readonly<Record<string, Attribute>>;
  outputs: readonly Value[];
}

const nodeProto = ({ name, opType, domain, inputs, attributes, outputs }: Node): Message => ({
  name,
  op_type: opType,
  domain: domain || undefined,
  input: inputs.map((value) => value?.name ?? ''),
  output: outputs.map((value) => value.name),
  attribute: Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [attribute(key, value)])),
});

/** Names in use, shared by a graph and the subgraphs of its control-flow operators. */
type Names = Map<string, number>;

/** Collects nodes, constants, inputs and outputs of one ONNX graph. */
export class GraphBuilder {
  readonly nodes: Node[] = [];
  private readonly initializers: Message[] = [];
  private readonly constants = new Map<string, Value>();
  readonly inputs: Value[] = [];
  readonly outputs: Value[] = [];
  private scopes: string[] = [];

  /**
   * @param depth how many graphs this one is nested in
   */
  constructor(
    readonly depth = 0,
    private readonly names: Names = new Map(),
    /** The domains of the operators in it, other than ONNX's own. */
    readonly domains: Set<string> = new Set(),
  ) {}

  /** Runs `body` with `name` before the names of all nodes that it adds, so that an exported graph reads like the model. */
  scope<T>(name: string, body: () => T): T {
    this.scopes.push(name);
    try {
      return body();
    } finally {
      this.scopes.pop();
    }
  }

  private uniqueName(name: string): string {
    const full = [...this.scopes, name].join('/');
    const count = this.names.get(full) ?? 0;
    this.names.set(full, count + 1);
    return count === 0 ? full : this.uniqueName(`${name}_${count}`);
  }

  input(name: string, type: TensorType, shape: readonly Dimension[]): Value {
    const value = new Value(this, this.uniqueName(name), type, shape);
    this.inputs.push(value);
    return value;
  }

  /** Takes a name, so that nothing else gets it. @returns the name, numbered if it was taken */
  reserve(name: string): string {
    return this.uniqueName(name);
  }

  /** Makes `value` an output under a reserved name. */
  output(name: string, value: Value): Value {
    const [named] = this.node('Identity', [value], {}, [{ type: value.type, shape: value.shape }], [name]);
    this.outputs.push(named as Value);
    return named as Value;
  }

  /** A constant of the graph. Small equal ones become one. */
  constant(type: TensorType, shape: readonly number[], data: TensorData, name = 'constant'): Value {
    const bytes = bytesOf(data);
    const key = bytes.byteLength <= 64 ? `${type}:${shape.join()}:${bytes.join()}` : undefined;
    const known = key && this.constants.get(key);
    if (known) return known;
    const value = new Value(this, this.uniqueName(name), type, shape, data);
    this.initialize(value, shape, bytes);
    if (key) this.constants.set(key, value);
    return value;
  }

  /** A float32 constant whose content is worked out when the model is written. */
  laterConstant(shape: readonly number[], make: () => Float32Array, name: string): Value {
    const value = new Value(this, this.uniqueName(name), 'float32', shape);
    const byteLength = shape.reduce((a, b) => a * b, Float32Array.BYTES_PER_ELEMENT);
    this.initialize(value, shape, { byteLength, make: () => bytesOf(make()) });
    return value;
  }

  private initialize({ name, type }: Value, dims: readonly number[], raw_data: Uint8Array | LaterBytes): void {
    this.initializers.push({ name, dims, data_type: dataTypes[type], raw_data });
  }

  /**
   * Adds a node.
   * @param opType with its domain before it where that is not ONNX's own: `ai.onnx.ml.LabelEncoder`
   * @param inputs undefined is an optional input that is left out. At the end it leaves no trace: ONNX Runtime does not fuse
   *   a convolution whose bias is there without a name
   * @param results type and shape of each output
   * @throws ShapeError when a size is no size, or a tensor is too large
   */
  node(
    opType: string,
    inputs: readonly (Value | undefined)[],
    attributes: Record<string, Attribute>,
    results: readonly { type: TensorType; shape: readonly Dimension[] }[],
    names?: readonly string[],
  ): Value[] {
    for (const { shape } of results) checkShape(shape);
    const dot = opType.lastIndexOf('.');
    const [domain, type] = [opType.slice(0, Math.max(dot, 0)), opType.slice(dot + 1)];
    if (domain) this.domains.add(domain);
    const name = this.uniqueName(type);
    const outputs = results.map(
      ({ type, shape }, index) =>
        new Value(this, names?.[index] ?? (index === 0 ? name : `${name}:${index}`), type, shape),
    );
    const present = inputs.slice(0, inputs.findLastIndex((value) => value !== undefined) + 1);
    const made: Node = { name, opType: type, domain, inputs: present, attributes, outputs };
    for (const output of outputs) output.madeBy = made;
    this.nodes.push(made);
    return outputs;
  }

  /** A graph for an attribute of a control-flow operator (Scan, Loop, If). It may use this graph's values by name. */
  subgraph(): GraphBuilder {
    const graph = new GraphBuilder(this.depth + 1, this.names, this.domains);
    graph.scopes = [...this.scopes];
    return graph;
  }

  /** The graph as a `GraphProto`, without what no output needs. */
  message(name: string): Message {
    return {
      name,
      ...prune(
        this.nodes.map(nodeProto),
        this.initializers,
        this.outputs.map((output) => output.name),
      ),
      input: this.inputs.map(valueInfo),
      output: this.outputs.map(valueInfo),
    };
  }
}
