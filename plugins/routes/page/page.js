const at = (id) => document.getElementById(id);
const [file, drop, preview, answer, title, status, predictions, reply, curl, copy] = [
  'file',
  'drop',
  'preview',
  'answer',
  'answer-title',
  'status',
  'predictions',
  'reply',
  'curl',
  'copy',
].map(at);
const [choice, model, json, body, takes] = ['choice', 'model', 'json', 'body', 'takes'].map(at);
const [failed, failures] = ['failed', 'failures'].map(at);

/** The path of the model that is tried, and whether it takes pictures. */
let path = 'predict';
let takesImages = true;
/** An address beside this file: that of the page may lack the slash at its end. */
const beside = (address) => new URL(address, import.meta.url).href;
const endpoint = () => beside(path);
const percent = new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 1 });

/** One word of a POSIX shell. */
const shellWord = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** What curl uploads: quoted where curl itself would take a character for its own. */
const upload = (name) => (/[;,"\\]/.test(name) ? `image=@"${name.replace(/["\\]/g, '\\$&')}"` : `image=@${name}`);

const showCommand = (...words) => {
  curl.textContent = ['curl', '-X', 'POST', ...words, endpoint()].map(shellWord).join(' ');
};
const showUpload = (name) => showCommand('-F', upload(name));

/** Short JSON as it is, long JSON as a file. */
const showJson = () => {
  const text = body.value.length < 1000 ? body.value.replace(/\s+/g, ' ') : '@request.json';
  showCommand('-H', 'content-type: application/json', '-d', text);
};

const say = (text, isError = false) => {
  status.textContent = text;
  status.classList.toggle('error', isError);
};

const row = ({ label, probability }) => {
  const item = document.createElement('li');
  item.style.setProperty('--share', `${probability * 100}%`);
  for (const [name, text] of [
    ['label', label.replaceAll('_', ' ')],
    ['share', percent.format(probability)],
  ]) {
    const part = document.createElement('span');
    part.className = name;
    part.textContent = text;
    item.append(part);
  }
  return item;
};

let running = new AbortController();

/** Sends something to the model and shows what it says; whatever was asked before is forgotten. */
async function ask(request, show) {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  say('Looking…');
  answer.setAttribute('aria-busy', 'true');
  const started = performance.now();
  try {
    const response = await fetch(endpoint(), { method: 'POST', ...request, signal });
    const found = await response.json();
    if (!found.success) throw new Error(found.error.message);
    const time = Math.round(performance.now() - started);
    clear();
    show(found.predictions);
    say(`Answered in ${time} ms.`);
  } catch (error) {
    if (signal.aborted) return;
    clear();
    say(error instanceof TypeError ? 'The server can’t be reached. Is it still running?' : error.message, true);
  }
  answer.setAttribute('aria-busy', 'false');
}

function clear() {
  predictions.replaceChildren();
  reply.hidden = true;
}

const showLabels = (labels) => predictions.replaceChildren(...labels.map(row));

/** Labels of one instance as bars, whatever else as JSON. */
function showJsonReply(found) {
  if (found.length === 1 && found[0]?.[0]?.label !== undefined) return showLabels(found[0]);
  reply.textContent = pretty(found);
  reply.hidden = false;
}

/** JSON with a line for each list of numbers. */
const pretty = (value) =>
  JSON.stringify(value, null, 2).replace(/\[[^[\]{}]*\]/g, (list) => list.replace(/\s+/g, ' ').replace(/^\[ | \]$/g, (end) => end.trim()));

/** Shows a picture and asks the model about it. */
function classify(picture) {
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(picture);
  preview.alt = `Your picture: ${picture.name}`;
  preview.hidden = false;
  showUpload(picture.name);
  const form = new FormData();
  form.append('image', picture);
  ask({ body: form }, showLabels);
}

/** The first file that was dropped or pasted. */
function take(event, { files }) {
  if (!takesImages) return;
  const [picture] = files;
  if (picture) classify(picture);
  else if (event.type === 'drop') say('That was no file. Save the picture first, then drop it here.', true);
  else return;
  event.preventDefault();
}

// A picture that the browser can't show may still be one that the server can read.
preview.addEventListener('error', () => {
  preview.hidden = true;
});
file.addEventListener('change', () => {
  if (file.files.length > 0) classify(file.files[0]);
  file.value = '';
});
addEventListener('paste', (event) => take(event, event.clipboardData));
addEventListener('drop', (event) => {
  if (takesImages) event.preventDefault();
  document.body.classList.remove('dragging');
  take(event, event.dataTransfer);
});
addEventListener('dragover', (event) => {
  if (!takesImages) return;
  event.preventDefault();
  document.body.classList.add('dragging');
});
addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) document.body.classList.remove('dragging');
});
copy.addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText(curl.textContent);
    copy.textContent = 'Copied';
  } catch {
    // Browsers keep the clipboard from pages that came over plain HTTP: leave the line selected to be copied by hand.
    getSelection().selectAllChildren(curl);
    copy.textContent = 'Press Ctrl+C';
  }
  setTimeout(() => {
    copy.textContent = 'Copy';
  }, 2000);
});
json.addEventListener('submit', (event) => {
  event.preventDefault();
  ask({ headers: { 'content-type': 'application/json' }, body: body.value }, showJsonReply);
});
body.addEventListener('input', showJson);

/** A request for a model whose inputs are so large that the documents have none: with one element along axes of any size. */
function largeExample(inputs) {
  const fill = ([size, ...rest], dtype) =>
    size === undefined ? (dtype === 'bool' ? true : dtype.startsWith('float') ? 0.5 : 1) : Array(size ?? 1).fill(fill(rest, dtype));
  const rows = inputs.every(({ shape }) => shape.length > 0);
  const values = inputs.map(({ name, dtype, shape }) => [name, fill(rows ? shape.slice(1) : shape, dtype)]);
  const row = rows && values.length === 1 ? values[0][1] : Object.fromEntries(values);
  return rows ? { instances: [row] } : row;
}

/** Lets a model be tried: with a picture, or with JSON for models that take none. */
async function choose({ name, takes_images: images, default: isDefault }) {
  running.abort();
  path = choice.hidden && isDefault ? 'predict' : `models/${encodeURIComponent(name)}/predict`;
  takesImages = images;
  drop.hidden = !images;
  json.hidden = images;
  clear();
  answer.setAttribute('aria-busy', 'false');
  title.textContent = images ? 'What the model sees' : 'What the model gives';
  say(images ? 'Nothing yet: it waits for a picture.' : 'Nothing yet: it waits for JSON.');
  if (images) return showUpload('dog.jpg');
  const address = `models/${encodeURIComponent(name)}`;
  const [{ paths }, { example, inputs }] = await Promise.all(
    ['openapi.json', address].map(async (one) => (await fetch(beside(one))).json()),
  );
  if (model.value !== name) return;
  const { description } = paths[`/${address}/predict`].post;
  takes.textContent = description.split('\n')[0].replaceAll('`', '');
  body.value = pretty(example ?? largeExample(inputs));
  showJson();
}

/** What can't be loaded, and why; of a version that has changed too, while what was there before goes on serving. */
function showFailures(models) {
  const items = models.flatMap(({ name, versions }) =>
    versions
      .filter(({ error }) => error)
      .map(({ version, error }) => {
        const item = document.createElement('li');
        const label = document.createElement('strong');
        label.textContent = versions.length > 1 ? `${name}, version ${version}` : name;
        item.append(label, `: ${error.message}`);
        return item;
      }),
  );
  failures.replaceChildren(...items);
  failed.hidden = items.length === 0;
}

/** Asks which models there are: one that takes pictures is what the page shows at first. */
async function start() {
  showUpload('dog.jpg');
  const { models } = await (await fetch(beside('models'))).json();
  showFailures(models);
  const there = models.filter(({ versions }) => versions.some(({ state }) => state === 'AVAILABLE'));
  const first = there.find((one) => one.default) ?? there[0];
  if (!first) {
    drop.hidden = true;
    return say('There is no model yet. Load this page again once there is.');
  }
  model.replaceChildren(...there.map(({ name }) => new Option(name, name, name === first.name, name === first.name)));
  model.addEventListener('change', () =>
    choose(there.find(({ name }) => name === model.value)).catch((error) => say(error.message, true)),
  );
  choice.hidden = there.length < 2;
  if (there.length > 1 || !first.takes_images || !first.default) await choose(first);
}

start().catch(() => undefined);
