/** What a job can be, in the order in which it becomes that. */
export const statuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled'];

const moments = new Intl.DateTimeFormat('en', {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** A moment in milliseconds as people read it, in their own time. */
export const momentText = (time) => moments.format(time);

/** Two units that a duration is told in, with their milliseconds. */
const units = [
  ['d', 86_400_000, 'h', 3_600_000],
  ['h', 3_600_000, 'min', 60_000],
  ['min', 60_000, 's', 1000],
];

/** Milliseconds as people read them: `340 ms`, `2.5 s`, `3 min 20 s`, `1 d 2 h`; clocks that differ make no time less than 0. */
export function durationText(time) {
  const length = Math.max(0, Math.round(time));
  if (length < 1000) return `${length} ms`;
  if (length < 60_000) return `${Math.floor(length / 100) / 10} s`;
  const [larger, size, smaller, part] = units.find(([, from]) => length >= from);
  const rest = Math.floor((length % size) / part);
  return `${Math.floor(length / size)} ${larger}${rest > 0 ? ` ${rest} ${smaller}` : ''}`;
}

const timeOf = (text) => (text === null ? undefined : Date.parse(text));

/**
 * What a table has of a job of `GET /jobs`, by the titles of its columns.
 * @param now the server’s time, in milliseconds
 */
export function cellsOf({ id, status, model, version, key, error, ...times }, now) {
  const [made, started, finished] = [times.created_at, times.started_at, times.finished_at].map(timeOf);
  const waits = status === 'queued';
  const waited = (waits ? now : (started ?? finished ?? now)) - made;
  return {
    Job: id,
    Status: status,
    Model: model,
    Version: version === null ? '–' : String(version),
    Key: key ?? '–',
    Made: momentText(made),
    Waited: durationText(waited),
    // One that is to be tried again waits, whenever it was begun.
    Ran: started === undefined || waits ? '–' : durationText((finished ?? now) - started),
    Error: error?.message ?? '',
  };
}

/** How many jobs are of each status. */
export const countsOf = (jobs) => Object.fromEntries(statuses.map((status) => [status, jobs.filter((job) => job.status === status).length]));

/** How many there are, and from when that is. */
export function foundText({ jobs, total }, now) {
  const count = (number) => number.toLocaleString('en');
  if (total === 0) return `None is known as of ${momentText(now)}.`;
  const shown = total > jobs.length ? `The newest ${count(jobs.length)} of ${count(total)} jobs` : `${count(total)} ${total === 1 ? 'job' : 'jobs'}`;
  return `${shown}, as of ${momentText(now)}.`;
}
