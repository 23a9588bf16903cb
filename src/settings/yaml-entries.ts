import { isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseAllDocuments } from 'yaml';
import { InternalSignal } from '../support/errors.js';

/** A place in a text, both counted from one. */
export interface Place {
  line: number;
  column: number;
}

/** A value and where it begins. What is neither a scalar nor a list of values is a mapping, which has no value here. */
export interface Placed extends Place {
  value: string | number | boolean | null | readonly Placed[] | undefined;
}

/** What is wrong with a text, and where. */
export class PlaceError extends InternalSignal {
  constructor(
    readonly place: Place,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The entries of a text of YAML 1.2, of which JSON is a part, that is one mapping of scalars and lists: no anchors, aliases and tags.
 * An empty text has none.
 * @throws PlaceError
 */
export function readEntries(text: string): { key: Placed; value: Placed }[] {
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false, schema: 'core' } as const;
  const documents = parseAllDocuments<ParsedNode>(text, options);
  if ('empty' in documents) return [];
  for (const { errors, warnings } of documents) {
    const [error] = [...errors, ...warnings];
    if (error) throw new PlaceError(placeAt(error.pos[0]), `can't be read: ${error.message}`);
  }
  const [{ contents: root } = { contents: null }, second] = documents;
  if (second) throw new PlaceError(placeAt(second.range[0]), 'begins a second document: settings stand in one alone');
  if (root === null || (isScalar(root) && root.value === null)) return [];

  /** @param name what it is called in messages */
  const placed = (node: ParsedNode, name: string): Placed => {
    const place = placeAt(node.range[0]);
    if (isAlias(node) || node.anchor)
      throw new PlaceError(place, `${name} has an anchor or an alias: write the value out`);
    if (node.tag) throw new PlaceError(place, `${name} has the tag ${node.tag.slice(0, 80)}: settings have none`);
    if (isScalar(node)) return { ...place, value: node.value as Placed['value'] };
    return { ...place, value: isSeq(node) ? node.items.map((item) => placed(item as ParsedNode, name)) : undefined };
  };
  const start = placed(root, 'the whole');
  if (!isMap(root)) throw new PlaceError(start, 'must be settings by their names, such as "port: 8080"');
  return root.items.map(({ key: keyNode, value }) => {
    const key = placed(keyNode as ParsedNode, 'a name');
    return {
      key,
      value: value ? placed(value as ParsedNode, String(key.value).slice(0, 80)) : { ...key, value: null },
    };
  });
}
