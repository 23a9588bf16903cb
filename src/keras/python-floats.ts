/** Whether a config holds calls of `keras.ops`. */
const operations = /"module":\s*"keras\.(?:src\.)?ops/;

/** Strings, brackets, and floats that are whole. */
const tokens = /"(?:[^"\\]|\\.)*"|[[\]{}]|-?\d+\.0+(?=[\s,\]}])/g;

/**
 * Python's whole floats in the arguments of calls, `2.0` among `inbound_nodes`, as
 * `{"class_name": "__float__", "config": {"value": 2}}`: JavaScript reads them as it does integers, and Keras makes floats of
 * integers that meet them. Only texts in which it matters, those with operations, are changed.
 */
export function markFloats(text: string): string {
  if (!operations.test(text)) return text;
  let depth = 0;
  let nodes = Number.POSITIVE_INFINITY;
  let key = '';
  return text.replace(tokens, (token) => {
    if (token === '[' || token === '{') {
      if (token === '[' && key === '"inbound_nodes"') nodes = Math.min(nodes, depth);
      depth++;
    } else if (token === ']' || token === '}') {
      depth--;
      if (depth <= nodes) nodes = Number.POSITIVE_INFINITY;
    } else if (!token.startsWith('"') && depth > nodes) {
      key = '';
      return `{"class_name": "__float__", "config": {"value": ${token}}}`;
    }
    key = token;
    return token;
  });
}
