import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelFileError } from '../keras/errors.js';
import { quote } from '../keras/limits.js';
import { entries, integer, messages, ProtobufError, readFields, text } from '../support/protobuf-reader.js';
import type { Signature, TensorInfo, TensorType } from '../support/tensor.js';

/** What a signature of a SavedModel takes and gives; the names of its tensors are those by which it is called. */
export interface SavedSignature extends Signature {
  name: string;
  /** Of the graph that it belongs to. */
  tags: string[];
}

/** The file that makes a folder a SavedModel. */
const SAVED_MODEL_FILE = 'saved_model.pb';

/** The most bytes that a protobuf message may have. */
const largestMessage = 2 ** 31 - 1;

/** The signature under which Keras and TensorFlow export what is to be served. */
const defaultSignature = 'serving_default';

/** The name under which TensorFlow keeps what runs when the model is loaded. */
const initialization = '__saved_model_init_op';

/** `DataType` of TensorFlow's types.proto, those that TensorFlow.js passes on. */
const inputTypes: Record<number, TensorType> = { 1: 'float32', 3: 'int32', 4: 'uint8', 9: 'int64', 10: 'bool' };
const outputTypes: Record<number, TensorType> = { 1: 'float32', 3: 'int32', 9: 'int64', 10: 'bool' };
const typeNames: Record<number, string> = { 2: 'double', 7: 'string', 8: 'complex64', 14: 'bfloat16', 19: 'half' };

/** Operations that touch files or other machines, or run programs. The loader's own RestoreV2 only reads checkpoints. */
const forbidden =
  /^(ReadFile|WriteFile|MatchingFiles|Save(V2|Slices)?|MergeV2Checkpoints|.*Reader(V2)?|.*Dataset(V\d+)?|.*Iterator.*|(Eager)?PyFunc.*|.*Rpc.*|.*Summary.*|Debug.*|PrintV?2?|RemoteCall|.*(Send|Recv)|Collective.*)$/;

const damaged = (reason: string, cause?: unknown) =>
  new ModelFileError('model_damaged', `The SavedModel is damaged: ${reason}. Export it again, or copy it again.`, {
    cause,
  });

/**
 * Reads what a SavedModel says of its signatures, and sees that nothing in the one that is served touches files.
 *
 * @param folder of the SavedModel
 * @param name of the signature: `serving_default`, or the only one, by default
 * @throws ModelFileError `model_damaged`, `model_weights_missing`, `model_format_unsupported`, `model_signature_unknown`
 */
export async function readSavedSignature(folder: string, name: string | undefined): Promise<SavedSignature> {
  const path = join(folder, SAVED_MODEL_FILE);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) {
    throw new ModelFileError(
      'model_format_unsupported',
      `The SavedModel has no ${SAVED_MODEL_FILE}: other forms can't be read. Export it again with model.export(folder).`,
    );
  }
  if (found.size > largestMessage) throw new ModelFileError('model_too_large', `${SAVED_MODEL_FILE} is over 2 GB.`);
  try {
    const graphs = messages(await readFile(path), 2);
    const served = graphs.find((graph) => tagsOf(graph).includes('serve')) ?? graphs[0];
    if (!served) throw damaged('there is no graph in it');
    const signature = chooseSignature(served, name);
    await checkVariables(folder, served);
    return signature;
  } catch (error) {
    if (error instanceof ProtobufError) throw damaged(error.message, error);
    throw error;
  }
}

const tagsOf = (graph: Buffer): string[] =>
  messages(graph, 1).flatMap((info) => messages(info, 4).map((tag) => tag.toString('utf8')));

function chooseSignature(graph: Buffer, wanted: string | undefined): SavedSignature {
  const all = new Map(entries(graph, 5));
  const known = [...all.keys()].filter((key) => key !== initialization).sort();
  const list = known
    .slice(0, 20)
    .map((key) => quote(key))
    .join(', ');
  const name = wanted ?? (all.has(defaultSignature) ? defaultSignature : known.length === 1 ? known[0] : undefined);
  if (name === undefined) {
    const what = known.length === 0 ? 'no signature: export it with model.export(folder)' : `several: ${list}`;
    const advice = known.length === 0 ? '' : ' Choose one: --signature <name>.';
    throw new ModelFileError(
      'model_signature_unknown',
      `Of the signatures that can be served, the SavedModel has ${what}.${advice}`,
    );
  }
  const definition = known.includes(name) ? all.get(name) : undefined;
  if (!definition)
    throw new ModelFileError(
      'model_signature_unknown',
      `The SavedModel has no signature ${quote(name)}. It has ${list}.`,
    );
  checkOperations(graph, [definition, all.get(initialization)]);
  return {
    name,
    tags: tagsOf(graph),
    inputs: tensorsOf(definition, 1, inputTypes),
    outputs: tensorsOf(definition, 2, outputTypes),
  };
}

/** The tensors of a `SignatureDef`, in the order of their names: the file has them in none. */
function tensorsOf(definition: Buffer, field: number, types: Record<number, TensorType>): TensorInfo[] {
  const tensors = entries(definition, field).map(([name, info]): TensorInfo => {
    const [shape] = messages(info, 3).slice(-1);
    const dtype = integer(info, 2);
    const type = types[dtype];
    if (type === undefined) {
      const shown = typeNames[dtype] ?? `number ${dtype}`;
      const advice = 'Export a function that casts it: float32, int32, int64, uint8 and bool can be served.';
      throw new ModelFileError(
        'model_format_unsupported',
        `The tensor ${quote(name)} of the SavedModel is of the type ${shown}, which can't be served. ${advice}`,
      );
    }
    if (!shape || integer(shape, 3) !== 0) {
      throw new ModelFileError(
        'model_format_unsupported',
        `The SavedModel does not say how many axes its tensor ${quote(name)} has. Export it with an input signature.`,
      );
    }
    const sizes = messages(shape, 2).map((axis) => integer(axis, 1));
    return { name, type, shape: sizes.map((size) => (size < 0 ? null : size)) };
  });
  if (tensors.length === 0) throw damaged(`its signature has no ${field === 1 ? 'inputs' : 'outputs'}`);
  return tensors.sort((a, b) => (a.name < b.name ? -1 : 1));
}

interface Node {
  op: string;
  inputs: string[];
  functions: string[];
}

/** A `NodeDef`: an operation, with the functions that its attributes name. */
function readNode(bytes: Buffer): [name: string, node: Node] {
  const functions = entries(bytes, 5).flatMap(([, value]) => {
    const listed = messages(value, 1).flatMap((list) => messages(list, 9));
    return [...messages(value, 10), ...listed].map((one) => text(one, 1));
  });
  const inputs = messages(bytes, 3).map((input) => nodeName(input.toString('utf8')));
  return [text(bytes, 1), { op: text(bytes, 2), inputs, functions }];
}

const nodeName = (tensor: string): string => tensor.replace(/^\^/, '').replace(/:\d+$/, '');

/**
 * Refuses what a signature, or the loading of the model, would do beyond computing.
 * @param definitions the signatures that are run
 */
function checkOperations(graph: Buffer, definitions: readonly (Buffer | undefined)[]): void {
  const definition = messages(graph, 2).at(-1) ?? Buffer.alloc(0);
  const nodes = new Map(messages(definition, 1).map(readNode));
  const functions = new Map(
    messages(definition, 2)
      .flatMap((library) => messages(library, 1))
      .map((one) => [text(messages(one, 1).at(-1) ?? Buffer.alloc(0), 1), one]),
  );
  const roots = definitions.flatMap((one) => (one ? entries(one, 2).map(([, info]) => nodeName(text(info, 1))) : []));
  const collections = entries(graph, 4)
    .filter(([key]) => /main_op|legacy_init_op/.test(key))
    .flatMap(([, value]) => namesIn(value));
  const restoring = messages(graph, 3).map((saver) => nodeName(text(saver, 3)));
  const waiting = [...roots, ...collections, ...restoring].map((name) => nodes.get(name));
  const known = new Set<Node | string>();
  const visit = (name: string) => {
    const body = functions.get(name);
    if (!body || known.has(name)) return;
    known.add(name);
    waiting.push(...messages(body, 3).map((node) => readNode(node)[1]));
  };
  for (let node = waiting.pop(); waiting.length > 0 || node; node = waiting.pop()) {
    if (!node || known.has(node)) continue;
    known.add(node);
    if (forbidden.test(node.op)) {
      throw new ModelFileError(
        'model_format_unsupported',
        `The SavedModel calls the operation ${quote(node.op)}, which reaches beyond the model: files, other programs or ` +
          'machines. Export a function without it.',
      );
    }
    for (const name of [node.op, ...node.functions]) visit(name);
    waiting.push(...node.inputs.map((name) => nodes.get(name)));
  }
}

/** The names in a `CollectionDef`: a list of texts in one of its kinds. */
const namesIn = (collection: Buffer): string[] =>
  [...readFields(collection)].flatMap((kind) =>
    'bytes' in kind && kind.field <= 2 ? messages(kind.bytes, 1).map((name) => nodeName(name.toString('latin1'))) : [],
  );

/** Every shard of the variables is there. */
async function checkVariables(folder: string, graph: Buffer): Promise<void> {
  if (messages(graph, 3).length === 0) return;
  const variables = join(folder, 'variables');
  const names: string[] = await readdir(variables).catch(() => []);
  const shards = names.flatMap((name) => /^variables\.data-\d{5}-of-(\d{5})$/.exec(name)?.[1] ?? []);
  const count = Number(shards[0] ?? 1);
  const expected = Array.from(
    { length: Math.min(count, 99_999) },
    (_, index) => `variables.data-${String(index).padStart(5, '0')}-of-${String(count).padStart(5, '0')}`,
  );
  const missing = ['variables.index', ...expected].find((name) => !names.includes(name));
  if (missing === undefined) return;
  throw new ModelFileError(
    'model_weights_missing',
    `The SavedModel's file variables/${missing} is missing. Copy the whole folder, with all that is in it.`,
  );
}
