import { at, make } from './dom.js';
import { cellsOf, countsOf, foundText, statuses } from './job-cells.js';
import { contentOf, replyOf } from './models.js';

/** Seconds until the list is asked for again: after a list, and after a failure. */
const pauses = { usual: 10, failed: 30 };
/** The list is for keys with `admin`, and isn't there on servers without keys. */
const refused = [401, 403, 404];

/** The table’s body, its rows by the ids of their jobs, and a button for each status. */
let body;
const rows = new Map();
const buttons = new Map();
/** The status that is shown alone. */
let only;

/** Whether the list may be for this key, when it is asked for again, and what it is being asked with. */
let offered = false;
let due;
let timer;
let asking = new AbortController();

/** Shows the list of jobs if it is for the key that there is now, and keeps it up to date. */
export function offerJobs() {
  withdraw();
  offered = true;
  refresh();
}

function withdraw() {
  offered = false;
  asking.abort();
  clearTimeout(timer);
  at('jobs').hidden = true;
  only = undefined;
  say('');
  show({ jobs: [], total: 0 }, Date.now());
}

/** Asks for the list. @param done what is said once it is there */
async function refresh(done = '') {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  clearTimeout(timer);
  due = undefined;
  if (done) say('Refreshing…');
  let pause = pauses.failed;
  try {
    const reply = await replyOf('jobs', { signal });
    if (signal.aborted) return;
    const { response, found } = reply;
    if (refused.includes(response.status)) return withdraw();
    // Whoever may not see the list is told so before the queue is looked at.
    if (response.ok || found?.error?.code === 'queue_unavailable') at('jobs').hidden = false;
    pause = response.ok ? pauses.usual : Math.max(pause, Number(response.headers.get('retry-after')) || 0);
    // The server’s clock: that of the browser may be another.
    show(contentOf(reply), Date.parse(response.headers.get('date')) || Date.now());
    say(done);
  } catch (error) {
    if (signal.aborted) return;
    say(error.message, true);
  }
  due = Date.now() + pause * 1000;
  schedule();
}

/** Has the list asked for when it is time, if somebody looks at it and wants that. */
function schedule() {
  clearTimeout(timer);
  if (!offered || due === undefined || document.hidden || !at('follow-jobs').checked) return;
  timer = setTimeout(refresh, Math.max(0, due - Date.now()));
}

/** Says it to those who don’t see the page, too; once, however often it is so. */
function say(text, isError = false) {
  if (at('jobs-said').textContent !== text) at('jobs-said').textContent = text;
  at('jobs-said').classList.toggle('error', isError);
}

/** Shows jobs; rows that stay are left where they are, so that what is selected or scrolled to stays so. */
function show(list, now) {
  const { jobs } = list;
  at('jobs-found').textContent = foundText(list, now);
  at('job-table').hidden = jobs.length === 0;
  const known = new Set(jobs.map(({ id }) => id));
  for (const [id, row] of rows) {
    if (known.has(id)) continue;
    row.remove();
    rows.delete(id);
  }
  let place = body?.firstElementChild ?? null;
  for (const job of jobs) {
    const row = rowOf(job, now);
    if (row === place) place = place.nextElementSibling;
    else body.insertBefore(row, place);
  }
  for (const [status, count] of Object.entries(countsOf(jobs))) buttonOf(status).textContent = `${status} ${count.toLocaleString('en')}`;
  choose();
}

function rowOf(job, now) {
  const cells = cellsOf(job, now);
  const titles = Object.keys(cells);
  body ??= makeTable(titles);
  const row = rows.get(job.id) ?? make('tr', {}, ...titles.map((title) => cellFor(title, job)));
  rows.set(job.id, row);
  row.dataset.status = job.status;
  for (const [index, text] of Object.values(cells).entries()) {
    const cell = row.cells[index].firstElementChild ?? row.cells[index];
    if (cell.textContent !== text) cell.textContent = text;
  }
  return row;
}

/** An empty cell: an id is cut off where it is shown, a moment has its year and zone for those who point at it. */
const special = {
  Job: ({ id }) => make('th', { scope: 'row' }, make('code', { title: id })),
  Made: (job) => make('td', { title: job.created_at }),
  Error: () => make('td', { className: 'why' }),
};
const cellFor = (title, job) => (special[title] ?? (() => make('td')))(job);

function makeTable(titles) {
  const made = make('tbody');
  const head = titles.map((title) => make('th', { scope: 'col', textContent: title }));
  at('job-table').replaceChildren(make('table', {}, make('thead', {}, make('tr', {}, ...head)), made));
  return made;
}

/** The button that counts the jobs of a status and shows these alone, or all again. */
function buttonOf(status) {
  const known = buttons.get(status);
  if (known) return known;
  const button = make('button', {
    type: 'button',
    onclick() {
      only = only === status ? undefined : status;
      choose();
    },
  });
  buttons.set(status, button);
  at('job-counts').append(button);
  return button;
}

function choose() {
  for (const status of statuses) buttonOf(status).setAttribute('aria-pressed', status === only);
  for (const row of rows.values()) row.hidden = only !== undefined && row.dataset.status !== only;
}

at('refresh-jobs').addEventListener('click', () => refresh('Up to date.'));
at('follow-jobs').addEventListener('change', schedule);
document.addEventListener('visibilitychange', schedule);
