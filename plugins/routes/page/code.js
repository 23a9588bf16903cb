import { fieldValue } from './datapoint.js';
import { at, copyButton, make, save } from './dom.js';
import { shownKeyHeaders } from './key.js';
import { pythonOf, shellWord, typeScriptOf } from './literals.js';

/** The most letters of JSON that are written out: longer requests are read from a file. */
const mostWritten = 1000;
const requestFile = 'request.json';

const programs = { curl: ['curl', curlOf], python: ['Python', pythonProgram], typescript: ['TypeScript', typeScriptProgram] };

let shown;
const codes = Object.fromEntries(Object.keys(programs).map((id) => [id, make('code', { id })]));
const saving = make('button', {
  type: 'button',
  textContent: `Download ${requestFile}`,
  hidden: true,
  onclick: () => save(requestFile, new Blob([shown.text ?? JSON.stringify(shown.value)], { type: 'application/json' })),
});

/** Puts the tabs with the programs on the page. */
export function makeListings() {
  const tabs = Object.entries(programs).map(([id, [name]]) =>
    make('button', { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': `panel-${id}`, textContent: name, onclick: () => select(id) }),
  );
  const panels = Object.keys(programs).map((id) =>
    make(
      'div',
      { id: `panel-${id}`, className: 'listing', role: 'tabpanel', 'aria-labelledby': `tab-${id}` },
      make('pre', { tabIndex: 0 }, codes[id]),
      copyButton(() => codes[id].textContent, () => codes[id]),
    ),
  );
  function select(id) {
    for (const [index, one] of Object.keys(programs).entries()) {
      tabs[index].setAttribute('aria-selected', String(one === id));
      tabs[index].tabIndex = one === id ? 0 : -1;
      panels[index].hidden = one !== id;
    }
  }
  const steps = { ArrowRight: 1, ArrowLeft: -1 };
  at('languages').addEventListener('keydown', ({ key }) => {
    const next = tabs.indexOf(document.activeElement) + (steps[key] ?? 0);
    if (!Object.hasOwn(steps, key)) return;
    const tab = tabs.at(next % tabs.length);
    tab.focus();
    tab.click();
  });
  at('languages').replaceChildren(...tabs);
  at('listings').replaceChildren(...panels, saving);
  select('curl');
}

/** Shows the programs that send a request. @param request as the form has it @param url where to */
export function showCode(request, url) {
  shown = request;
  const isLong = !request.form && textOf(request).length >= mostWritten;
  for (const [id, [, program]] of Object.entries(programs)) codes[id].textContent = program(request, url, isLong);
  saving.hidden = !isLong;
}

/** Shows no programs: those of another request would be taken for this one's. */
export function clearCode() {
  for (const code of Object.values(codes)) code.textContent = '';
  saving.hidden = true;
}

/** JSON on one line; of what isn't JSON yet, the text itself. */
const textOf = ({ text, value }) => (text === undefined ? JSON.stringify(value) : text.replace(/\s+/g, ' '));

/** The value that a request asks about; undefined where its text isn't JSON. */
function valueOf({ text, value }) {
  if (text === undefined) return value;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A field as curl's `-F` has it: files quoted where curl itself would take a character for its own. */
function fieldWords([name, value]) {
  if (value instanceof Blob) {
    const file = /[;,"\\]/.test(value.name) ? `"${value.name.replace(/["\\]/g, '\\$&')}"` : value.name;
    return ['-F', `${name}=@${file}`];
  }
  const text = fieldValue(value);
  return [/^[\w .+-]*$/.test(text) ? '-F' : '--form-string', `${name}=${text}`];
}

function curlOf(request, url, isLong) {
  const ofKey = Object.entries(shownKeyHeaders()).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const json = () => ['-H', 'content-type: application/json', '-d', isLong ? `@${requestFile}` : textOf(request)];
  const words = request.form ? Object.entries(request.form).flatMap(fieldWords) : json();
  return ['curl', '-X', 'POST', ...ofKey, ...words, url].map(shellWord).join(' ');
}

function pythonProgram({ form, ...request }, url, isLong) {
  const value = form || isLong ? null : valueOf(request);
  if (value === undefined) return '# What the model gets isn’t JSON yet.';
  const json = isLong ? [`data=open("${requestFile}", "rb")`] : [`json=${pythonOf(value, '    ')}`];
  const sent = form ? formInPython(form) : json;
  const headers = { ...(isLong && { 'content-type': 'application/json' }), ...shownKeyHeaders() };
  const named = Object.entries(headers).map(([name, text]) => `"${name}": "${text}"`);
  const lines = [JSON.stringify(url), ...sent, ...(named.length > 0 ? [`headers={${named.join(', ')}}`] : [])].map((line) => `    ${line},\n`).join('');
  return `import requests\n\nreply = requests.post(\n${lines})\nif not reply.ok:\n    raise SystemExit(reply.text)\nprint(reply.json()["predictions"])`;
}

function formInPython(form) {
  const entries = Object.entries(form);
  const files = entries.filter(([, value]) => value instanceof Blob);
  const opened = files.map(([name, file]) => `${JSON.stringify(name)}: open(${JSON.stringify(file.name)}, "rb")`);
  const data = entries.filter(([, value]) => !(value instanceof Blob)).map(([name, value]) => [name, typeof value === 'number' ? value : fieldValue(value)]);
  return [`files={${opened.join(', ')}}`, ...(data.length > 0 ? [`data=${pythonOf(Object.fromEntries(data), '    ')}`] : [])];
}

function typeScriptProgram({ form, ...request }, url, isLong) {
  const value = form || isLong ? null : valueOf(request);
  if (value === undefined) return '// What the model gets isn’t JSON yet.';
  const ending = 'const { predictions } = (await reply.json()) as { predictions: unknown };\nconsole.log(predictions);';
  const ofKey = Object.entries(shownKeyHeaders()).map(([name, text]) => `'${name}': '${text}'`);
  if (form) {
    const headers = ofKey.length > 0 ? `headers: { ${ofKey} }, ` : '';
    const fields = Object.entries(form).map(([name, one]) => `body.append(${fieldInTypeScript(name, one)});\n`);
    return `import { openAsBlob } from 'node:fs';\n\nconst body = new FormData();\n${fields.join('')}const reply = await fetch(${JSON.stringify(url)}, { method: 'POST', ${headers}body });\n${ending}`;
  }
  const imports = isLong ? "import { readFile } from 'node:fs/promises';\n\n" : '';
  const body = isLong ? `await readFile('${requestFile}')` : `JSON.stringify(${typeScriptOf(value, '  ')})`;
  return `${imports}const reply = await fetch(${JSON.stringify(url)}, {\n  method: 'POST',\n  headers: { ${["'content-type': 'application/json'", ...ofKey].join(', ')} },\n  body: ${body},\n});\n${ending}`;
}

function fieldInTypeScript(name, value) {
  if (!(value instanceof Blob)) return `${JSON.stringify(name)}, ${JSON.stringify(fieldValue(value))}`;
  const file = JSON.stringify(value.name);
  return `${JSON.stringify(name)}, await openAsBlob(${file}), ${file}`;
}
