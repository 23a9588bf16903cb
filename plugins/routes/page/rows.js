import { cellsOfText, textOfCells } from './csv.js';
import { columnsOf, isFlat } from './datapoint.js';
import { at, make, save } from './dom.js';
import { plural, shortNumber } from './numbers.js';
import { cellsOf, fitsTable } from './summary.js';
import { columnValue } from './table-field.js';
import { sequenceOf } from './text-fields.js';

/** The most rows that are shown; all are run, and downloaded. */
const mostShown = 100;

let model;
let table;
let answers;
let said;

/** How the text of a cell becomes the value of an input. */
const valueOf = {
  text: (text) => (text === '' ? undefined : text),
  sequence: (text) => (text.trim() === '' ? undefined : sequenceOf(text)),
};

/** The columns that rows can have: for each its name and what its text stands for; undefined where rows can't say it all. */
function knownColumns({ inputs }) {
  if (!isFlat(inputs)) return undefined;
  const all = inputs.map((input) => {
    const columns = input.shape.length < 3 ? columnsOf(input) : [];
    if (columns.length > 0) return columns.map((column) => [column.name, (text) => columnValue({ ...column, isText: input.dtype === 'string' }, text)]);
    return valueOf[input.kind] && [[input.name, valueOf[input.kind]]];
  });
  return all.every(Boolean) ? new Map(all.flat()) : undefined;
}

/** Lets rows be pasted where the model takes them. @param run asks the model about a list of datapoints, and gives its answers */
export function offerRows(chosen, run) {
  const columns = knownColumns(chosen);
  model = columns && fitsTable(chosen) ? { outputs: chosen.outputs, columns, name: chosen.name, run } : undefined;
  at('rows').hidden = !model;
  at('pasted').value = '';
  at('pasted').placeholder = model ? [...model.columns.keys()].slice(0, 12).join('\t') : '';
  read();
}

/** Reads what was pasted. */
function read() {
  answers = undefined;
  said = undefined;
  table = model && tableOf(at('pasted').value);
  at('run-rows').disabled = !table || table.rows.length === 0;
  at('found').classList.remove('error');
  at('found').textContent = table ? foundText(table) : '';
  draw();
}

/** The names of the columns and the rows below them; undefined where there is nothing. */
function tableOf(text) {
  const names = [...model.columns.keys()];
  const cells = cellsOfText(text);
  const header = (cells[0] ?? []).map((cell) => cell.trim());
  if (header.some((cell) => model.columns.has(cell))) return { header, rows: cells.slice(1) };
  // Without names the columns are in the model's order, and one alone may have commas in it.
  const rows = names.length === 1 ? cellsOfText(text, '\t') : cells;
  const [first] = rows;
  if (!first) return undefined;
  return first.length === names.length ? { header: names, rows } : { header, rows: rows.slice(1) };
}

function foundText({ header, rows }) {
  const missing = [...model.columns.keys()].filter((name) => !header.includes(name));
  const strange = header.filter((name) => !model.columns.has(name));
  const parts = [
    `${plural(rows.length, 'row')}.`,
    missing.length > 0 && `Not there: ${missing.slice(0, 10).join(', ')}.`,
    strange.length > 0 && `Passed over, since the model has no such column: ${strange.slice(0, 10).join(', ')}.`,
  ];
  return parts.filter(Boolean).join(' ');
}

const datapointOf = ({ header }, row) =>
  Object.fromEntries(
    header.flatMap((name, index) => {
      const value = model.columns.get(name)?.(row[index] ?? '');
      return value === undefined ? [] : [[name, value]];
    }),
  );

/** Runs the model with all rows. */
async function runRows() {
  const { run, outputs } = model;
  const asked = table;
  at('run-rows').disabled = true;
  at('found').classList.remove('error');
  at('found').textContent = 'Running…';
  try {
    const started = performance.now();
    const predictions = await run(asked.rows.map((row) => datapointOf(asked, row)));
    if (table !== asked) return;
    answers = predictions.map((one) => cellsOf(one, outputs));
    said = [...new Set(answers.flatMap(Object.keys))];
    at('found').textContent = `${plural(answers.length, 'row')} answered in ${Math.round(performance.now() - started)} ms.`;
  } catch (error) {
    if (table !== asked) return;
    at('found').textContent = error.message;
    at('found').classList.add('error');
  }
  at('run-rows').disabled = false;
  draw();
}

function draw() {
  at('table').hidden = !table;
  at('save-rows').hidden = !answers;
  if (!table) return at('table').replaceChildren();
  const { header, rows } = table;
  const head = [
    ...header.map((name) => make('th', { scope: 'col', className: model.columns.has(name) ? '' : 'passed-over', textContent: name })),
    ...(said ?? []).map((name) => make('th', { scope: 'col', className: 'said', textContent: name })),
  ];
  const body = rows.slice(0, mostShown).map((row, index) =>
    make(
      'tr',
      {},
      ...header.map((name, column) => make('td', { className: model.columns.has(name) ? '' : 'passed-over', textContent: row[column] ?? '' })),
      ...(said ?? []).map((name) => make('td', { className: 'said', textContent: cellOf(answers[index]?.[name]) })),
    ),
  );
  const more = rows.length - mostShown;
  const caption = more > 0 ? [make('caption', { textContent: `The first ${mostShown}; ${plural(more, 'other')} run too, and are in the file.` })] : [];
  at('table').replaceChildren(make('table', {}, ...caption, make('thead', {}, make('tr', {}, ...head)), make('tbody', {}, ...body)));
}

const cellOf = (value) => (typeof value === 'number' || value === null ? shortNumber(value) : (value ?? ''));

function download() {
  const { header, rows } = table;
  const lines = rows.map((row, index) => [...header.map((_name, column) => row[column] ?? ''), ...said.map((name) => answers[index]?.[name])]);
  save(`${model.name}.csv`, new Blob([textOfCells([[...header, ...said], ...lines])], { type: 'text/csv' }));
}

/** A file of rows that is dropped here is read like what is pasted. */
async function drop(event) {
  const [file] = event.dataTransfer?.files ?? [];
  if (!file) return;
  event.preventDefault();
  at('pasted').value = await file.text();
  read();
}

at('pasted').addEventListener('input', read);
at('rows').addEventListener('dragover', (event) => event.preventDefault());
at('rows').addEventListener('drop', drop);
at('run-rows').addEventListener('click', runRows);
at('save-rows').addEventListener('click', download);
