/** An element of the page by its id. */
export const at = (id) => document.getElementById(id);

/** A new element: properties, attributes, listeners (`onclick`), and what is in it. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

let ids = 0;
/** An id that no other element has. */
export const newId = () => `made-${++ids}`;

/** A button that copies a text. @param text gives it, and the element that shows it */
export const copyButton = (text, shown, properties = {}) =>
  make('button', {
    type: 'button',
    className: 'copy',
    textContent: 'Copy',
    ...properties,
    async onclick({ currentTarget: button }) {
      try {
        await navigator.clipboard.writeText(text());
        button.textContent = 'Copied';
      } catch {
        // Browsers keep the clipboard from pages that came over plain HTTP: leave the text selected to be copied by hand.
        getSelection().selectAllChildren(shown());
        button.textContent = 'Press Ctrl+C';
      }
      setTimeout(() => {
        button.textContent = 'Copy';
      }, 2000);
    },
  });

/** Has the browser save a text or file under a name. */
export function save(name, blob) {
  const link = make('a', { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** JSON with a line for each list of numbers. */
export const pretty = (value) =>
  JSON.stringify(value, null, 2).replace(/\[[^[\]{}]*\]/g, (list) => list.replace(/\s+/g, ' ').replace(/^\[ | \]$/g, (end) => end.trim()));

/** The file that is in base64. */
export const blobOf = (base64, type) => new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], { type });
