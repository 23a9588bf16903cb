const at = (id) => document.getElementById(id);
const [file, preview, answer, status, predictions, curl, copy] = [
  'file',
  'preview',
  'answer',
  'status',
  'predictions',
  'curl',
  'copy',
].map(at);

const endpoint = new URL('predict', location.href).href;
const percent = new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 1 });

/** One word of a POSIX shell. */
const shellWord = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** What curl uploads: quoted where curl itself would take a character for its own. */
const upload = (name) => (/[;,"\\]/.test(name) ? `image=@"${name.replace(/["\\]/g, '\\$&')}"` : `image=@${name}`);

const showCommand = (name) => {
  curl.textContent = `curl -X POST -F ${shellWord(upload(name))} ${shellWord(endpoint)}`;
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

/** Shows a picture and asks the model about it; whatever was asked before is forgotten. */
async function classify(picture) {
  running.abort();
  running = new AbortController();
  const { signal } = running;

  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(picture);
  preview.alt = `Your picture: ${picture.name}`;
  preview.hidden = false;
  showCommand(picture.name);
  say('Looking…');
  answer.setAttribute('aria-busy', 'true');

  const form = new FormData();
  form.append('image', picture);
  const started = performance.now();
  try {
    const response = await fetch(endpoint, { method: 'POST', body: form, signal });
    const reply = await response.json();
    if (!reply.success) throw new Error(reply.error.message);
    const time = Math.round(performance.now() - started);
    predictions.replaceChildren(...reply.predictions.map(row));
    say(`Answered in ${time} ms.`);
  } catch (error) {
    if (signal.aborted) return;
    predictions.replaceChildren();
    say(error instanceof TypeError ? 'The server can’t be reached. Is it still running?' : error.message, true);
  }
  answer.setAttribute('aria-busy', 'false');
}

/** The first file that was dropped or pasted. */
function take(event, { files }) {
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
  event.preventDefault();
  document.body.classList.remove('dragging');
  take(event, event.dataTransfer);
});
addEventListener('dragover', (event) => {
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
showCommand('dog.jpg');
