import { at, make } from './dom.js';
import { askForKey, keyHeaders } from './key.js';

/** An address beside this file: that of the page may lack the slash at its end. */
export const beside = (address) => new URL(address, import.meta.url).href;

/** The reply at an address, and its JSON where it has some. @throws Error in words for the person where none comes */
export async function replyOf(address, options = {}) {
  let response;
  try {
    response = await fetch(beside(address), { ...options, headers: { ...options.headers, ...keyHeaders() } });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Error('The server can’t be reached. Is it still running?');
  }
  return { response, found: await response.json().catch(() => undefined) };
}

/** What such a reply says. @throws Error in words for the person where that is a failure */
export function contentOf({ response, found }) {
  if (!response.ok || found?.success === false) throw new Error(found?.error?.message ?? `The server answers ${response.status}.`);
  if (found === undefined) throw new Error('The server’s answer isn’t JSON.');
  return found;
}

/** What the server says at an address; the person is asked for a key where it needs one. @throws Error in words for the person */
export async function ask(address, options) {
  const ofKey = keyHeaders();
  const reply = await replyOf(address, options);
  if (reply.response.status !== 401) return contentOf(reply);
  const { error } = reply.found ?? {};
  await askForKey(ofKey, error?.code === 'key_invalid' ? error.message : 'Whoever runs it can give you one.');
  return ask(address, options);
}

export const isThere = ({ versions }) => versions.some(({ state }) => state === 'AVAILABLE');

/** What can't be loaded, and why; where something else of the model goes on serving, that too. */
export function showFailures(models) {
  const items = models.flatMap(({ name, versions }) => {
    const serving = versions.find(({ state }) => state === 'AVAILABLE');
    return versions
      .filter(({ error }) => error)
      .map(({ version, state, error }) => {
        const label = versions.length > 1 ? `${name}, version ${version}` : name;
        const changed = state === 'AVAILABLE' ? ' has changed; what it was before goes on serving' : '';
        const instead = changed || (serving ? `; version ${serving.version} serves` : '');
        return make('li', {}, make('strong', { textContent: label }), `${instead}: ${error.message}`);
      });
  });
  at('failures').replaceChildren(...items);
  at('failed').hidden = items.length === 0;
}

/** What a model is called, what its card says of it, and what goes in and comes out. */
export function showAbout({ name, description, version, versions, inputs, outputs }) {
  document.title = `${name} · keras-serve`;
  at('name').textContent = name;
  at('description').textContent = description ?? '';
  at('description').hidden = !description;
  const ends = (all) => all.slice(0, 6).map(({ name: end, kind }) => make('span', { className: 'end' }, end, ...(end === kind ? [] : [make('small', { textContent: kind })])));
  const numbered = versions.length > 1 || version > 1 ? [make('span', { className: 'muted', textContent: `version ${version}` })] : [];
  at('ends').replaceChildren(...ends(inputs), make('span', { className: 'arrow', ariaLabel: 'gives', role: 'img', textContent: '→' }), ...ends(outputs), ...numbered);
  at('ends').hidden = false;
}
