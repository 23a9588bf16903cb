import { make, newId, pretty } from './dom.js';

/** A text, as it is. */
export const textField = (input, options) =>
  area(input, { ...options, rows: 4, spellcheck: true, write: (value) => String(value ?? ''), read: (text) => text });

/** Numbers or ids, separated by commas or spaces, or a list in JSON. */
export const sequenceField = (input, options) =>
  area(input, {
    ...options,
    rows: 3,
    hint: input.shape.length > 2 ? 'A list of lists of numbers, in JSON.' : 'Numbers, with commas or spaces between them.',
    write: (value = []) => (value.some(Array.isArray) ? pretty(value) : value.join(', ')),
    read: sequenceOf,
  });

/** Nested numbers, as JSON. */
export const jsonField = (input, options) =>
  area(input, {
    ...options,
    rows: 8,
    hint: `JSON of the shape (${input.shape.slice(1).map((size) => size ?? 'any').join(', ')}).`,
    write: (value) => (value === undefined ? '' : pretty(value)),
    read: jsonOf(input.name),
  });

/** The list that a text stands for. */
export function sequenceOf(text) {
  const trimmed = text.trim();
  if (trimmed.startsWith('[')) return jsonOf('The list')(trimmed);
  return trimmed === '' ? [] : trimmed.split(/[\s,;]+/).map((word) => (word !== '' && Number.isFinite(Number(word)) ? Number(word) : word));
}

const jsonOf = (name) => (text) => {
  try {
    return text.trim() === '' ? undefined : JSON.parse(text);
  } catch {
    throw new Error(`${name} isn’t JSON: look for a comma or bracket that is missing.`);
  }
};

function area({ name }, { changed, submit, example, rows, hint, read, write, spellcheck = false }) {
  const id = newId();
  const about = newId();
  const control = make('textarea', {
    id,
    rows,
    spellcheck,
    autocomplete: 'off',
    value: write(example),
    oninput: changed,
    onkeydown: (event) => event.key === 'Enter' && (event.ctrlKey || event.metaKey) && submit(),
    ...(hint && { 'aria-describedby': about }),
  });
  const element = make('div', { className: 'field' }, make('label', { htmlFor: id, textContent: name }), control);
  if (hint) element.append(make('small', { id: about, textContent: hint }));
  return {
    element,
    value: () => read(control.value),
    state: () => control.value,
    restore: (text) => {
      control.value = text;
    },
    controls: [[name, control]],
  };
}
