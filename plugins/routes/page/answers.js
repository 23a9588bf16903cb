import { copyButton, make, pretty } from './dom.js';
import { numberAnswer } from './number-answer.js';
import { labelText, percent, plural } from './numbers.js';
import { imageAnswer, maskAnswer } from './picture-answers.js';

/** The most bars that are shown before a person asks for the others. */
const mostBars = 20;
/** The most datapoints of one request that are shown one by one. */
const mostAnswers = 20;

/** How what an output says is shown, by its kind: of the value, the output as `GET /models/{name}` has it, and the picture asked about. */
const kinds = {
  classes: (labels) => bars(labels),
  binary: binaryAnswer,
  'multi-label': multiLabelAnswer,
  number: numberAnswer,
  mask: maskAnswer,
  image: imageAnswer,
  tensor: tensorAnswer,
};

/**
 * What a model says, as elements.
 * @param predictions of the reply
 * @param isList whether they are of a list of datapoints
 * @param picture the file that was asked about
 */
export function showAnswer(predictions, { outputs, isList, picture }) {
  if (!isList) return answersOf(predictions, outputs, picture);
  if (!Array.isArray(predictions)) return [tensorAnswer(predictions)];
  if (predictions.length === 1) return answersOf(predictions[0], outputs, picture);
  const shown = predictions.slice(0, mostAnswers).flatMap((one, index) => [
    make('h3', { textContent: `Datapoint ${index + 1}` }),
    ...answersOf(one, outputs, picture),
  ]);
  const more = predictions.length - mostAnswers;
  return more > 0 ? [...shown, make('p', { className: 'muted', textContent: `and ${plural(more, 'other')}, which aren’t shown.` })] : shown;
}

/** What each output says of one datapoint. */
function answersOf(value, outputs, picture) {
  const one = (said, output) => {
    // Outputs that have no rows in common come as they are, whatever their kinds; and a model may be another by now.
    try {
      return (kinds[output.kind] ?? tensorAnswer)(said, output, picture);
    } catch {
      return tensorAnswer(said);
    }
  };
  if (outputs.length === 1) return [one(value, outputs[0])];
  return outputs
    .filter(({ name }) => Object.hasOwn(value, name))
    .map((output) => make('section', { className: 'output' }, make('h3', { textContent: output.name }), one(value[output.name], output)));
}

/** Labels with bars as long as they are likely. */
function bars(labels, { threshold, mark = () => [], className = '' } = {}) {
  const row = (entry) => {
    const { label, probability } = entry;
    const item = make(
      'li',
      { className: entry.predicted ? 'holds' : '' },
      make('span', { className: 'label', textContent: labelText(label) }, ...mark(entry)),
      make('span', { className: 'share', textContent: percent(probability) }),
    );
    item.style.setProperty('--share', `${Math.min(1, Math.max(0, probability ?? 0)) * 100}%`);
    return item;
  };
  const list = make('ol', { className: `bars ${className}` }, ...labels.slice(0, mostBars).map(row));
  if (threshold !== undefined) list.style.setProperty('--threshold', `${threshold * 100}%`);
  if (labels.length <= mostBars) return list;
  const rest = labels.slice(mostBars);
  const more = make('button', {
    type: 'button',
    textContent: `Show ${plural(rest.length, 'other label')}`,
    onclick: () => {
      more.remove();
      list.append(...rest.map(row));
    },
  });
  return make('div', { className: 'stack' }, list, more);
}

/** Which of two it is, in large letters, and how likely both are. */
function binaryAnswer(labels, { card = {} }) {
  const [decision] = labels;
  const told = make('p', { className: 'decision', textContent: decision ? labelText(decision.label) : 'nothing' });
  const [first, second = ''] = card.labels ?? [];
  const rule =
    card.threshold === undefined ? [] : [make('p', { className: 'muted', textContent: `“${labelText(second || first)}” from ${percent(card.threshold)} on.` })];
  return make('div', { className: 'stack' }, told, bars(labels), ...rule);
}

/** Which labels hold, and how likely all are. */
function multiLabelAnswer(labels, { card = {} }) {
  const holds = labels.filter(({ predicted }) => predicted);
  const told = make('p', { className: 'decision', textContent: holds.map(({ label }) => labelText(label)).join(', ') || 'none of them' });
  const mark = ({ predicted }) => (predicted ? [' ', make('span', { className: 'mark', textContent: 'holds' })] : []);
  const list = bars(labels, { threshold: card.threshold, mark, className: 'marked' });
  const rule =
    card.threshold === undefined ? [] : [make('p', { className: 'muted', textContent: `A label holds from ${percent(card.threshold)} on.` })];
  return make('div', { className: 'stack' }, told, list, ...rule);
}

/** The most letters of JSON that are shown unfolded. */
const mostUnfolded = 1500;

/** Numbers as JSON: folded where they are many, with a button to copy them. */
function tensorAnswer(value) {
  const text = pretty(value);
  const shown = make('pre', { className: 'reply', tabIndex: 0, textContent: text, 'aria-label': 'The numbers that the model gives' });
  const copy = copyButton(() => text, () => shown);
  if (text.length <= mostUnfolded) return make('div', { className: 'listing' }, shown, copy);
  const summary = make('summary', { textContent: `${text.length.toLocaleString('en')} letters of JSON` });
  return make('details', {}, summary, make('div', { className: 'listing' }, shown, copy));
}
