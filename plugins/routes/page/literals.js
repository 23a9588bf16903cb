/** One word of a POSIX shell. */
export const shellWord = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** What is called otherwise in Python. */
const constants = { null: 'None', true: 'True', false: 'False' };

/** A value of JSON in Python. @param indent of the line that it begins in */
export const pythonOf = (value, indent) =>
  written(value, indent, {
    constant: (one) => (typeof one === 'string' ? undefined : constants[one]) ?? JSON.stringify(one),
    key: JSON.stringify,
    padding: '',
    step: '    ',
  });

/** A value of JSON in TypeScript. @param indent of the line that it begins in */
export const typeScriptOf = (value, indent) =>
  written(value, indent, {
    constant: (one) => JSON.stringify(one),
    key: (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)),
    padding: ' ',
    step: '  ',
  });

/** The longest list or object that stands in one line. */
const longestLine = 60;

function written(value, indent, language) {
  const { constant, key, step } = language;
  if (value === null || typeof value !== 'object') return constant(value);
  const isList = Array.isArray(value);
  const inner = indent + step;
  const parts = isList
    ? value.map((one) => written(one, inner, language))
    : Object.entries(value).map(([name, one]) => `${key(name)}: ${written(one, inner, language)}`);
  const [open, close] = isList ? '[]' : '{}';
  const line = parts.join(', ');
  const padding = isList || line === '' ? '' : language.padding;
  if (line.length <= longestLine && !line.includes('\n')) return open + padding + line + padding + close;
  return `${open}\n${parts.map((part) => `${inner}${part},\n`).join('')}${indent}${close}`;
}
