import { at } from './dom.js';

/** Where the key is kept: for the tab alone, and for this page alone of those that an origin may have. */
const item = `keras-serve key ${new URL('.', import.meta.url).pathname}`;

/** The header that carries a key, and what stands for the key where a person reads it. */
const header = 'x-api-key';
const placeholder = 'YOUR_API_KEY';

let key = stored();
/** Of the person who is being asked. */
let asking;
/** Who is told of another key. */
const followers = [];

function stored() {
  try {
    return sessionStorage.getItem(item) ?? undefined;
  } catch {
    // Browsers that may store nothing have it until the page is left.
    return undefined;
  }
}

function keep(value) {
  key = value;
  try {
    sessionStorage.setItem(item, value);
  } catch {
    // It is asked for again after a reload.
  }
  for (const tell of followers) tell();
}

/** Calls once there is a key, and whenever it is another one. */
export function followKey(tell) {
  followers.push(tell);
  if (key !== undefined) tell();
}

/** The headers that say whose requests are; none as long as no key was asked for. */
export const keyHeaders = () => (key === undefined ? {} : { [header]: key });

/** The same for programs that a person reads. */
export const shownKeyHeaders = () => (key === undefined ? {} : { [header]: placeholder });

/**
 * Asks the person for a key, once for all requests that need one.
 * @param sent the headers of the request that was refused
 * @param message why it was
 * @throws Error where the person gives none
 */
export async function askForKey(sent, message) {
  // Another request may have had it asked for meanwhile.
  if (sent[header] !== key) return;
  asking ??= showDialog(message).finally(() => {
    asking = undefined;
  });
  await asking;
}

function showDialog(message) {
  const dialog = at('key');
  const field = at('key-value');
  at('key-text').textContent = message;
  field.value = '';
  const asked = new Promise((resolve, reject) => {
    at('key-form').onsubmit = (event) => {
      event.preventDefault();
      keep(field.value.trim());
      dialog.close();
      resolve();
    };
    dialog.oncancel = () => reject(new Error('Without an API key this page can’t ask the server. Load it again to be asked for one.'));
  });
  dialog.showModal();
  return asked;
}
