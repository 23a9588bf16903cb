import { at, copyButton, make, pretty } from './dom.js';

const order = ['guess', 'likely', 'certain'];

/** What was worked out of a model that nobody said, the guesses first, with the lines of a card that would say it. */
export function showAssumptions({ assumptions = [] }) {
  at('assumed').hidden = assumptions.length === 0;
  const sorted = order.flatMap((certainty) => assumptions.filter((one) => one.certainty === certainty));
  const guesses = sorted.filter(({ certainty }) => certainty === 'guess');
  at('assumed-text').textContent =
    guesses.length === 0
      ? 'The model or its files say all of this. A serve.json beside the model can say otherwise.'
      : `${guesses.length === 1 ? 'One guess' : `${guesses.length} guesses`} may be wrong: what is right can be said in a serve.json beside the model.`;
  at('card').hidden = guesses.length === 0;
  at('card-text').textContent = cardOf(guesses);
  at('assumptions').replaceChildren(...sorted.map(itemOf));
}

function itemOf({ key, value, basis, certainty }) {
  const [, ...place] = key.split('.');
  const what = place.pop();
  const said = make(
    'p',
    {},
    make('strong', { textContent: what === 'kind' ? place.join('.') : `${what} of ${place.join('.')}` }),
    what === 'kind' ? ' is of the kind ' : ' is ',
    make('b', { textContent: value === undefined ? 'a long list' : valueText(value) }),
    make('span', { className: 'muted', textContent: `, for ${basis}` }),
  );
  return make('li', {}, make('span', { className: `badge ${certainty}`, textContent: certainty }), said);
}

function valueText(value) {
  if (value === null) return 'not known';
  if (typeof value === 'string') return value;
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** A card that says what was guessed, to be changed. Names with dots stay whole: the side comes first, the key last. */
function cardOf(guesses) {
  const card = {};
  for (const { key, value } of guesses) {
    const [side, ...rest] = key.split('.');
    const what = rest.pop();
    const name = rest.join('.');
    card[side] ??= {};
    card[side][name] ??= {};
    card[side][name][what] = value ?? '…';
  }
  return pretty(card);
}

at('card').append(copyButton(() => at('card-text').textContent, () => at('card-text')));
