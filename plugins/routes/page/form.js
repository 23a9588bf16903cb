import { at, make, newId, pretty } from './dom.js';
import { imageField } from './image-field.js';
import { isFlat } from './datapoint.js';
import { mostFields, tableField } from './table-field.js';
import { jsonField, sequenceField, textField } from './text-fields.js';

/** What a value of each kind of input is filled in with; JSON for all others. */
const fieldOf = { image: imageField, text: textField, sequence: sequenceField, table: tableField };
const makerOf = (input) => (input.kind === 'table' && !hasFields(input) ? jsonField : (fieldOf[input.kind] ?? jsonField));

/** Whether a table is a few columns of one row. */
const hasFields = ({ columns, shape }) => columns?.length <= mostFields && shape.length < 3;

/** Whether a model's inputs are numbers alone: then a person writes the whole request. */
const isNumbers = ({ inputs }) =>
  inputs.every(({ kind, shape }) => kind === 'tensor' || shape.length === 0) || inputs.some(({ shape }) => shape.length === 0);

/**
 * The form for a model.
 * @param model what `GET /models/{name}` says
 * @param changed is told of each change
 * @param submit runs the model
 */
export function buildForm(model, { changed, submit }) {
  if (isNumbers(model)) return requestForm(model, { changed, submit });
  const { inputs } = model;
  const isOnly = inputs.length === 1;
  const [first] = model.example?.instances ?? [];
  const isPicture = isOnly && inputs[0].kind === 'image';
  const fields = inputs.map((input) => {
    const example = isOnly && first?.[input.name] === undefined ? first : first?.[input.name];
    // One picture is all that the model needs: there is nothing to wait for.
    return [input, makerOf(input)(input, { isOnly, changed: isPicture ? submit : changed, submit, example })];
  });
  const flat = isFlat(inputs);
  return {
    elements: fields.map(([, { element }]) => element),
    runsByItself: isPicture,
    pictures: fields.flatMap(([{ kind }, field]) => (kind === 'image' ? [field] : [])),
    waitsFor: isPicture ? 'It waits for a picture.' : 'Fill in the form and run the model.',
    /**
     * What the model is asked: a form where there are files in it.
     * @param standIn a picture in the place of those that are missing
     * @throws Error what is missing
     */
    request(standIn) {
      const missing = !standIn && fields.find(([{ kind }, field]) => kind === 'image' && !field.picture());
      if (missing) throw new Error(isPicture ? 'There is no picture yet.' : `Choose a picture for ${missing[0].name} first.`);
      if (isPicture) return { form: { image: fields[0][1].picture() ?? standIn } };
      const value = datapointOf(fields, flat, standIn);
      return Object.values(value).some((part) => part instanceof Blob) ? { form: value } : { value };
    },
    state: () => fields.map(([, field]) => field.state()),
    restore: (states) => {
      for (const [index, [, field]] of fields.entries()) field.restore(states[index]);
    },
    controls: fields.flatMap(([, field]) => field.controls ?? []),
  };
}

/** A datapoint of what is filled in: tables by their columns' names where these can be mistaken for nothing else. */
function datapointOf(fields, flat, standIn) {
  const entries = fields.flatMap(([{ name, kind }, field]) => {
    const value = field.value() ?? (kind === 'image' ? standIn : undefined);
    if (value === undefined) return [];
    return kind === 'table' && flat && !Array.isArray(value) ? Object.entries(value) : [[name, value]];
  });
  return Object.fromEntries(entries);
}

/** An editor for a whole request in JSON. */
function requestForm(model, { changed, submit }) {
  const id = newId();
  const takes = make('p', { id, className: 'takes', textContent: shapesOf(model.inputs) });
  const body = make('textarea', {
    id: 'body',
    rows: 14,
    spellcheck: false,
    autocomplete: 'off',
    value: pretty(model.example ?? largeExample(model.inputs)),
    'aria-labelledby': 'ask-title',
    'aria-describedby': id,
    oninput: changed,
    onkeydown: (event) => event.key === 'Enter' && (event.ctrlKey || event.metaKey) && submit(),
  });
  return {
    elements: [body, takes],
    runsByItself: false,
    pictures: [],
    waitsFor: 'Change the JSON, or run the model with the example.',
    /** Says more of what the model takes, in the documents' words. */
    describe: (text) => {
      takes.textContent = text;
    },
    request: () => ({ text: body.value }),
    state: () => body.value,
    restore: (text) => {
      body.value = text;
    },
    controls: [],
  };
}

const shapesOf = (inputs) => inputs.map(({ name, dtype, shape }) => `${name}: ${dtype} (${shape.map((size) => size ?? 'any').join(', ')})`).join('; ');

/** A request for a model whose inputs are so large that the documents have none: with one element along axes of any size. */
function largeExample(inputs) {
  const fill = ([size, ...rest], dtype) =>
    size === undefined ? (dtype === 'bool' ? true : dtype.startsWith('float') ? 0.5 : 1) : Array(size ?? 1).fill(fill(rest, dtype));
  const rows = inputs.every(({ shape }) => shape.length > 0);
  const values = inputs.map(({ name, dtype, shape }) => [name, fill(rows ? shape.slice(1) : shape, dtype)]);
  const row = rows && values.length === 1 ? values[0][1] : Object.fromEntries(values);
  return rows ? { instances: [row] } : row;
}

/** Puts a form on the page. */
export function showForm(form) {
  at('fields').replaceChildren(...form.elements);
  at('run').hidden = form.runsByItself;
}
