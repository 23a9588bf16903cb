import { at, make } from './dom.js';

/** The most tries that are kept. */
const mostTries = 8;
const tries = [];

/**
 * Keeps a try, and lets a person come back to it.
 * @param attempt `picture` or `text` show what was asked, `said` what the answer was; `restore` brings it back
 */
export function keepTry(attempt) {
  tries.unshift(attempt);
  for (const { url } of tries.splice(mostTries)) URL.revokeObjectURL(url);
  attempt.url = attempt.picture && URL.createObjectURL(attempt.picture);
  at('tries').hidden = false;
  at('tried').replaceChildren(...tries.map(itemOf));
}

function itemOf({ url, model, text, said, restore }) {
  const thumb = url ? make('img', { src: url, alt: '', onerror: () => thumb.remove() }) : undefined;
  const words = make('span', { className: 'words' }, make('strong', { textContent: said }), make('span', { className: 'muted', textContent: text }));
  const button = make('button', { type: 'button', onclick: restore, title: `Bring back what ${model} was asked` }, ...(thumb ? [thumb] : []), words);
  return make('li', {}, button);
}
