/** Whether a config holds calls of `keras.ops`, whose arguments are among the nodes; or functions of Python, with what they are given. */
const places: readonly (readonly [RegExp, ReadonlySet<string>])[] = [
  [/"module":\s*"keras\.(?:src\.)?ops/, new Set(['"inbound_nodes"'])],
  [/"class_name":\s*"Lambda"/, new Set(['"function"', '"arguments"'])],
];

/** Strings, brackets, and floats that are whole. */
const tokens = /"(?:[^"\\]|\\.)*"|[[\]{}]|-?\d+\.0+(?=[\s,\]}])/g;

/**
 * Python's whole floats in the arguments of calls, `2.0` among `inbound_nodes` and with the function of a Lambda, as
 * `{"class_name": "__float__", "config": {"value": 2}}`: JavaScript reads them as it does integers, and Keras makes floats of
 * integers that meet them. Only texts in which it matters, those with operations or Lambdas, are changed.
 */
export function markFloats(text: string): string {
  const marked = new Set(places.flatMap(([test, keys]) => (test.test(text) ? [...keys] : [])));
  if (marked.size === 0) return text;
  let depth = 0;
  let nodes = Number.POSITIVE_INFINITY;
  let key = '';
  return text.replace(tokens, (token) => {
    if (token === '[' || token === '{') {
      if (marked.has(key)) nodes = Math.min(nodes, depth);
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
