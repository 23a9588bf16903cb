import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../src/support/package.js';

const { cellsOf, countsOf, durationText, foundText } = await import(
  pathToFileURL(join(packageRoot, 'plugins', 'routes', 'page', 'job-cells.js')).href
);

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const start = Date.parse('2026-11-29T21:54:41.000Z');
const at = (time: number) => new Date(start + time).toISOString();
const job = {
  id: 'a1',
  model: 'houses',
  version: 2,
  key: 'shop',
  created_at: at(0),
  started_at: null,
  finished_at: null,
};

describe('what the page’s table has of a job', () => {
  for (const [time, text] of [
    [-5 * second, '0 ms'],
    [0, '0 ms'],
    [999.4, '999 ms'],
    [999.6, '1 s'],
    [2540, '2.5 s'],
    [59_999, '59.9 s'],
    [minute, '1 min'],
    [3 * minute + 20_900, '3 min 20 s'],
    [hour - 1, '59 min 59 s'],
    [2 * hour + 59 * second, '2 h'],
    [24 * hour, '1 d'],
    [50 * hour, '2 d 2 h'],
  ] as const)
    it(`${time} ms are ${text}`, () => assert.equal(durationText(time), text));

  for (const [name, told, waited, ran] of [
    ['one that waits', { status: 'queued' }, '20 s', '–'],
    ['one that waits to be tried again', { status: 'queued', started_at: at(3 * second) }, '20 s', '–'],
    ['one that runs', { status: 'running', started_at: at(3 * second) }, '3 s', '17 s'],
    ['one that has ended', { status: 'succeeded', started_at: at(3 * second), finished_at: at(3500) }, '3 s', '500 ms'],
    ['one that was cancelled while it waited', { status: 'cancelled', finished_at: at(4 * second) }, '4 s', '–'],
  ] as const)
    it(`${name} has waited ${waited} and run ${ran}`, () => {
      const cells = cellsOf({ ...job, ...told }, start + 20 * second);
      assert.deepEqual([cells.Waited, cells.Ran, cells.Error], [waited, ran, '']);
    });

  it('is who made it, what was asked, and why it failed; nothing where that isn’t known', () => {
    const failed = { ...job, status: 'failed', error: { code: 'bad', message: 'Too many.' } };
    const { Job, Status, Model, Version, Key, Error: why } = cellsOf(failed, start);
    assert.deepEqual([Job, Status, Model, Version, Key, why], ['a1', 'failed', 'houses', '2', 'shop', 'Too many.']);
    const unknown = cellsOf({ ...job, status: 'queued', version: null, key: null }, start);
    assert.deepEqual([unknown.Version, unknown.Key], ['–', '–']);
  });

  it('is counted by its status', () => {
    const jobs = ['failed', 'queued', 'failed'].map((status) => ({ ...job, status }));
    assert.deepEqual(countsOf(jobs), { queued: 1, running: 0, succeeded: 0, failed: 2, cancelled: 0 });
    assert.match(foundText({ jobs, total: 3 }, start), /^3 jobs, as of /);
    assert.match(foundText({ jobs: [job], total: 1 }, start), /^1 job, as of /);
    assert.match(foundText({ jobs, total: 4210 }, start), /^The newest 3 of 4,210 jobs, as of /);
    assert.match(foundText({ jobs: [], total: 0 }, start), /^None is known as of /);
  });
});
