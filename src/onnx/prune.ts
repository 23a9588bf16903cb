import type { Message } from './protobuf.js';

const strings = (value: unknown) => value as readonly string[];
const messages = (value: unknown) => (value ?? []) as readonly Message[];

/** The names that a node reads, those that its subgraphs take from outside included. */
function reads({ input, attribute }: Message): string[] {
  const inner = messages(attribute).flatMap(({ g }) => (g ? messages((g as Message).node).flatMap(reads) : []));
  return [...strings(input), ...inner];
}

/**
 * Leaves out the nodes and constants that no output needs. ONNX Runtime keeps them, and does not fuse a node whose result has
 * another reader.
 * @param nodes each behind those whose results it reads
 * @param outputs the names that are needed
 */
export function prune(
  nodes: readonly Message[],
  initializers: readonly Message[],
  outputs: readonly string[],
): { node: Message[]; initializer: Message[] } {
  const needed = new Set(outputs);
  const kept = nodes.toReversed().filter((node) => {
    if (!strings(node.output).some((name) => needed.has(name))) return false;
    for (const name of reads(node)) needed.add(name);
    return true;
  });
  return { node: kept.reverse(), initializer: initializers.filter(({ name }) => needed.has(name as string)) };
}
