import { showAnswer } from './answers.js';
import { showAnomalies } from './anomalies.js';
import { showAssumptions } from './assumptions.js';
import { clearCode, makeListings, showCode } from './code.js';
import { toFetch } from './datapoint.js';
import { at } from './dom.js';
import { buildForm, showForm } from './form.js';
import { takePictures } from './image-field.js';
import { offerJobs } from './jobs.js';
import { followKey } from './key.js';
import { ask, beside, isThere, showAbout, showFailures } from './models.js';
import { offerRows } from './rows.js';
import { questionOf, summaryOf } from './summary.js';
import { keepTry } from './tries.js';

/** The models that can predict. */
let there = [];
/** What `GET /models/{name}` says of the one that is tried, the path that predicts, and its form. */
let model;
let path = 'predict';
let form;
let running = new AbortController();

const say = (text, isError = false) => {
  at('status').textContent = text;
  at('status').classList.toggle('error', isError);
};

const clear = () => at('outputs').replaceChildren();

/** Shows the programs for what is filled in, pictures that are missing being of some name; none while that is no request. */
function showPrograms() {
  try {
    showCode(form.request(new File([], 'dog.jpg')), beside(path));
  } catch {
    clearCode();
  }
}

/** Asks the model what is filled in; whatever was asked before is forgotten. */
async function run() {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const asked = { model, form, state: form.state() };
  unmark();
  try {
    const request = form.request();
    showCode(request, beside(path));
    say('Looking…');
    at('answer').setAttribute('aria-busy', 'true');
    const started = performance.now();
    const { predictions } = await ask(path, { ...toFetch(request), signal });
    const time = Math.round(performance.now() - started);
    show(request, predictions);
    say(`Answered in ${time} ms.`);
    bringIntoView();
    keep(asked, request, predictions);
  } catch (error) {
    if (signal.aborted) return;
    clear();
    say(error.message, true);
    mark(error.message);
  }
  at('answer').setAttribute('aria-busy', 'false');
}

const pictureOf = ({ form: sent = {} }) => Object.values(sent).find((part) => part instanceof Blob);
/** JSON that a person writes is of a list, unless it is one datapoint's. */
const isListOf = ({ text }, predictions) => text !== undefined && Array.isArray(predictions) && /^\s*(\[|\{\s*"(instances|inputs)")/.test(text);

function show(request, predictions) {
  const isList = isListOf(request, predictions);
  at('outputs').replaceChildren(...showAnswer(predictions, { outputs: model.outputs, isList, picture: pictureOf(request) }));
}

function keep({ model: of, form: filled, state }, request, predictions) {
  const first = isListOf(request, predictions) ? predictions[0] : predictions;
  keepTry({
    picture: pictureOf(request),
    model: of.name,
    text: questionOf(request),
    said: summaryOf(first, of.outputs),
    restore: () => restore().catch(failed),
  });
  async function restore() {
    running.abort();
    if (model.name !== of.name) await choose(there.find(({ name }) => name === of.name));
    form.restore(state);
    unmark();
    showPrograms();
    show(request, predictions);
    say(filled === form ? 'Brought back.' : `Brought back, of ${of.name}.`);
    at('answer').setAttribute('aria-busy', 'false');
    at('answer').scrollIntoView({ block: 'nearest' });
  }
}

/** On a phone the answer is below the form. */
function bringIntoView() {
  const { top } = at('answer').getBoundingClientRect();
  if (top > innerHeight * 0.8) at('answer').scrollIntoView({ block: 'start' });
}

/** Marks the field of the place that a message of the server begins with: `age`, `person.age`, `["is member"]`. */
function mark(message) {
  const [place] = message.split(/ (?:should|is|must|has) /, 1);
  const isAt = (key) => place === key || [`.${key}`, `["${key}"]`, ` "${key}"`].some((end) => place.endsWith(end));
  const [, control] = form.controls.find(([key]) => isAt(key)) ?? [];
  if (!control) return;
  control.setAttribute('aria-invalid', 'true');
  control.setAttribute('aria-errormessage', 'status');
  control.focus();
}

function unmark() {
  for (const control of document.querySelectorAll('[aria-invalid]')) {
    control.removeAttribute('aria-invalid');
    control.removeAttribute('aria-errormessage');
  }
}

/** Lets a model be tried. */
async function choose({ name, default: isDefault }) {
  running.abort();
  at('model').value = name;
  const address = `models/${encodeURIComponent(name)}`;
  const found = await ask(address);
  if (at('model').value !== name) return;
  model = found;
  keepChoice(name);
  path = (at('choice').hidden && isDefault ? 'predict' : `${address}/predict`) + queryOf(model);
  form = buildForm(model, { changed: showPrograms, submit: run });
  showAbout(model);
  showForm(form);
  clear();
  at('answer').setAttribute('aria-busy', 'false');
  say(form.waitsFor);
  showPrograms();
  showAnomalies(model);
  showAssumptions(model);
  offerRows(model, runRows);
  if (form.describe) await describeRequest(form, address);
}

/** The model that the address names, if it is there: a link to this page keeps what was chosen, and so does a reload. */
const chosen = () => {
  const name = new URLSearchParams(location.hash.slice(1)).get('model');
  return there.find((one) => one.name === name);
};

/** Puts the chosen model into the address, where there are others. */
function keepChoice(name) {
  if (there.length > 1) history.replaceState(null, '', `#${new URLSearchParams({ model: name })}`);
}

/** A mask lies on the picture that it is of: it is asked for in its size. */
const queryOf = ({ inputs, outputs }) =>
  inputs.some(({ kind }) => kind === 'image') && outputs.some(({ kind }) => kind === 'mask') ? '?size=input' : '';

/** The documents say best what JSON a model takes. */
async function describeRequest(described, address) {
  const { paths } = await ask(`${address}/openapi.json`);
  const text = paths[`/${address}/predict`]?.post.description?.split('\n')[0].replaceAll('`', '');
  if (text) described.describe(text);
}

/** What the model says of many datapoints. */
async function runRows(instances) {
  const request = { value: { instances } };
  showCode(request, beside(path));
  const { predictions } = await ask(path, toFetch(request));
  return predictions;
}

/** Asks which models there are, and shows the one that the address names, else the first that can be tried. */
async function start() {
  makeListings();
  const { models } = await ask('models');
  showFailures(models);
  there = models.filter(isThere);
  const first = chosen() ?? there.find((one) => one.default) ?? there[0];
  if (!first) {
    at('ask').hidden = true;
    at('code').hidden = true;
    return say('There is no model yet. Load this page again once there is.');
  }
  at('model').replaceChildren(...there.map(({ name }) => new Option(name, name)));
  at('choice').hidden = there.length < 2;
  await choose(first);
}

takePictures(() => form?.pictures ?? []);
const failed = (error) => say(error.message, true);
at('model').addEventListener('change', ({ target }) => choose(there.find(({ name }) => name === target.value)).catch(failed));
addEventListener('hashchange', () => {
  const named = chosen();
  if (named && named.name !== model?.name) choose(named).catch(failed);
});
at('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  run();
});
start().catch(failed);
followKey(offerJobs);
