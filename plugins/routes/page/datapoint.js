/** The columns of a table; of all else there are none. */
export const columnsOf = ({ columns = [] }) => columns;

/** Whether the columns of all tables can be named by themselves: no name is there twice. */
export function isFlat(inputs) {
  const names = inputs.flatMap((input) => {
    const columns = columnsOf(input).map(({ name }) => name);
    const isOneName = columns.length === 0 || (columns.length === 1 && columns[0] === input.name);
    return isOneName ? [input.name] : [...columns, input.name];
  });
  return new Set(names).size === names.length;
}

/** What a field of a form holds: a file, the bare text of a text or number, the JSON of all else. */
export const fieldValue = (value) => (value instanceof Blob || typeof value === 'string' ? value : JSON.stringify(value));

/**
 * How `fetch` sends a request.
 * @param request `form` has files and other values by name, `text` is JSON already, `value` is what becomes JSON
 */
export function toFetch({ form, text, value }) {
  if (form) {
    const body = new FormData();
    for (const [name, one] of Object.entries(form)) body.append(name, fieldValue(one));
    return { method: 'POST', body };
  }
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: text ?? JSON.stringify(value) };
}
