import { make, newId } from './dom.js';
import { shortNumber } from './numbers.js';

/** The most columns that have a field each; of more a person pastes rows, or writes JSON. */
export const mostFields = 200;

/** The most categories that a person chooses from: of more they write one. */
const mostOptions = 500;

/** A field for each column of a table: numbers, choices. @param example an object by column name, or undefined */
export function tableField({ name, columns: all, dtype }, { isOnly, changed, example = {} }) {
  const columns = all.map((column) => ({ ...column, isText: dtype === 'string' }));
  const fields = columns.map((column) => [column, columnField(column, example?.[column.name], changed)]);
  const body = make('div', { className: 'columns' }, ...fields.map(([, { element }]) => element));
  const element = isOnly ? body : make('fieldset', {}, make('legend', { textContent: name }), body);
  return {
    element,
    /** An object by column name, without what is left empty. */
    value() {
      const filled = fields.flatMap(([column, { control }]) => {
        const value = columnValue(column, control.value);
        return value === undefined ? [] : [[column.name, value]];
      });
      return Object.fromEntries(filled);
    },
    state: () => fields.map(([, { control }]) => control.value),
    restore: (texts) => {
      for (const [index, [, { control }]] of fields.entries()) control.value = texts[index];
    },
    controls: fields.map(([column, { control }]) => [column.name, control]),
  };
}

const truths = { true: true, false: false, TRUE: true, FALSE: false };

/** The value of a column that a text stands for; undefined where nothing is there. What is no number stays a text: the server says so. */
export function columnValue({ categories, isText }, text) {
  if (isText) return text === '' ? undefined : text;
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (categories) return categories.find((category) => String(category) === trimmed) ?? trimmed;
  if (Object.hasOwn(truths, trimmed)) return truths[trimmed];
  const number = Number(trimmed);
  return Number.isFinite(number) ? number : trimmed;
}

function columnField({ name, categories, others, missing, isText }, example, changed) {
  const id = newId();
  const hint = newId();
  const described = missing === undefined ? {} : { 'aria-describedby': hint };
  const isChoice = categories?.length <= mostOptions && !others;
  const control = isChoice ? choiceOf(categories, id, missing, described) : inputOf(id, described, categories || isText);
  if (example !== undefined && example !== null) control.value = String(example);
  control.addEventListener('input', changed);
  const element = make('div', { className: 'field' }, make('label', { htmlFor: id, textContent: name }), control);
  if (others) element.append(suggestionsFor(control, categories));
  if (missing !== undefined) element.append(make('small', { id: hint, textContent: `Left out, it counts as ${typeof missing === 'string' ? `“${missing}”` : shortNumber(missing)}.` }));
  return { element, control };
}

/** What a text usually is: others may be written, too. */
function suggestionsFor(control, categories) {
  const list = make('datalist', { id: newId() }, ...categories.slice(0, mostOptions).map((category) => new Option(String(category))));
  control.setAttribute('list', list.id);
  return list;
}

const inputOf = (id, described, isText) =>
  make('input', { id, autocomplete: 'off', ...(isText ? { type: 'text' } : { type: 'number', step: 'any', inputMode: 'decimal' }), ...described });

function choiceOf(categories, id, missing, described) {
  const options = categories.map((category) => new Option(String(category)));
  return make('select', { id, ...described }, ...(missing === undefined ? [] : [new Option('—', '')]), ...options);
}
