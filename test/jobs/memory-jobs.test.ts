/** Which jobs run when, what is tried again, and what is kept. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { FailedReply, Job, JobRequest, JobTask } from '../../src/jobs/job.js';
import type { Obstacle } from '../../src/jobs/lane.js';
import { type JobLimits, MemoryJobs } from '../../src/jobs/memory-jobs.js';
import type { Reply } from '../../src/protocols/protocol.js';
import { MemoryBudget } from '../../src/serving/memory-budget.js';

/** What stands in a job's way. */
class Blocked extends Error {
  constructor(readonly obstacle?: Obstacle) {
    super('blocked');
  }
}

const reply = (size = 2): Reply => ({ contentType: 'application/json', body: [Buffer.alloc(size, '0')] });
const failure: FailedReply = { ...reply(), status: 500, error: { code: 'internal_error', message: 'It failed.' } };

const jobsWith = (limits: Partial<JobLimits> = {}) =>
  new MemoryJobs({ maxJobs: 1000, jobTtl: 60, maxKeptBytes: 1000, ...limits }, (error) =>
    error instanceof Blocked ? error.obstacle : undefined,
  );

const budget = new MemoryBudget(1000);
const asking = (
  answer: JobTask['answer'],
  { owner, model = 'm' }: { owner?: string; model?: string } = {},
): JobRequest => ({
  owner,
  model,
  memory: budget.reservation(),
  task: { answer, failure: () => failure },
});

describe('jobs in memory', () => {
  it('run as many at once as there is room for, and all of them in the end', async () => {
    const jobs = jobsWith();
    let running = 0;
    let most = 0;
    let refused = 0;
    const room = 6;
    const made = Array.from({ length: 60 }, () =>
      jobs.add(
        asking(async () => {
          if (running >= room) {
            refused++;
            throw new Blocked('full');
          }
          most = Math.max(most, ++running);
          await sleep(1);
          running--;
          return reply();
        }),
      ),
    );
    await jobs.settled();
    assert.deepEqual(new Set(made.map(({ status }) => status)), new Set(['succeeded']));
    assert.deepEqual([most, jobs.unfinished, jobs.oldest], [room, 0, 0]);
    // It finds out how much room there is by going beyond it now and then.
    assert.ok(refused > 0 && refused < 60, String(refused));
  });

  it('are tried again where they took too long perhaps for others, and fail where it is they', async () => {
    const jobs = jobsWith();
    let attempts = 0;
    let isFirst = true;
    const poison = jobs.add(
      asking(async () => {
        attempts++;
        throw new Blocked('perhaps itself');
      }),
    );
    const unlucky = jobs.add(
      asking(async () => {
        if (isFirst) {
          isFirst = false;
          throw new Blocked('perhaps itself');
        }
        return reply();
      }),
    );
    await jobs.settled();
    assert.deepEqual([poison.status, attempts, unlucky.status], ['failed', 3, 'succeeded']);
    assert.deepEqual(poison.error, failure.error);
  });

  it('of one model are held up by those of no other', async () => {
    const jobs = jobsWith();
    let goOn = () => {};
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const stuck = Array.from({ length: 40 }, () => jobs.add(asking(() => gate.then(() => reply()), { model: 'slow' })));
    const others = Array.from({ length: 40 }, () => jobs.add(asking(async () => reply())));
    await Promise.all(others.map((job) => job.settled()));
    assert.equal(jobs.unfinished, 40);
    goOn();
    await jobs.settled();
    assert.deepEqual(new Set(stuck.map(({ status }) => status)), new Set(['succeeded']));
  });

  it('keep nothing of their requests once they have ended', async () => {
    const jobs = jobsWith();
    const collected = new Set<string>();
    const registry = new FinalizationRegistry<string>((which) => collected.add(which));
    const make = (which: string, answer: (body: Buffer) => Promise<Reply>) => {
      const body = Buffer.alloc(1000);
      registry.register(body, which);
      return jobs.add(
        asking(({ signal }) => {
          signal.addEventListener('abort', () => body.fill(0));
          return answer(body);
        }),
      );
    };
    const made = [
      make('good', async () => reply()),
      make('bad', async () => {
        throw new Error('mine');
      }),
    ];
    await jobs.settled();
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    for (let turn = 0; turn < 100 && collected.size < 2; turn++) {
      collect();
      await sleep(5);
    }
    assert.deepEqual([...collected].sort(), ['bad', 'good']);
    assert.equal(made.length, 2);
  });

  it('fail at once of what is their own', async () => {
    const jobs = jobsWith();
    let attempts = 0;
    const job = jobs.add(
      asking(async () => {
        attempts++;
        throw new Error('mine');
      }),
    );
    await jobs.settled();
    assert.deepEqual([job.status, attempts], ['failed', 1]);
  });

  it('are refused where too many wait, and once the end has begun', async () => {
    const jobs = jobsWith({ maxJobs: 2 });
    const hold = () => asking(() => sleep(5).then(() => reply()));
    jobs.add(hold());
    jobs.add(hold());
    assert.throws(() => jobs.add(hold()), { code: 'queue_full' });
    await jobs.settled();
    jobs.add(hold());
    jobs.refuseMore();
    assert.throws(() => jobs.add(hold()), { code: 'server_closing' });
    await jobs.settled();
  });

  it('are their owners’ alone', async () => {
    const jobs = jobsWith();
    const { id } = jobs.add(asking(async () => reply(), { owner: 'anna' }));
    assert.equal(jobs.get(id, 'anna').id, id);
    for (const other of ['bert', undefined]) assert.throws(() => jobs.get(id, other), { code: 'job_unknown' });
    await jobs.settled();
  });

  it('are forgotten after their time, and before it where their replies need room', async () => {
    const forgotten: Job[] = [];
    const jobs = jobsWith({ jobTtl: 0.02, maxKeptBytes: 100 });
    jobs.on('forgotten', (job) => forgotten.push(job));
    const add = async (size: number) => {
      const job = jobs.add(asking(async () => reply(size)));
      await job.settled();
      return job;
    };
    const first = await add(60);
    const second = await add(60);
    assert.deepEqual(forgotten, [first]);
    while (forgotten.length < 2) await sleep(5);
    assert.deepEqual(forgotten, [first, second]);
    assert.throws(() => jobs.get(second.id, undefined), { code: 'job_unknown' });
    assert.deepEqual(jobs.counts, { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 });
  });

  it('that are cancelled tell what runs for them, give their memory back and stay cancelled', async () => {
    const jobs = jobsWith();
    const request = asking(
      ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(reply()))),
    );
    request.memory.grow(10);
    const job = jobs.add(request);
    while (job.status !== 'running') await sleep(1);
    assert.equal(budget.reserved, 10);
    jobs.delete(job);
    assert.deepEqual([job.status, job.reply, budget.reserved], ['cancelled', undefined, 0]);
    await sleep(1);
    assert.deepEqual([job.status, job.reply], ['cancelled', undefined]);
    jobs.delete(job);
    assert.throws(() => jobs.get(job.id, undefined), { code: 'job_unknown' });
  });
});
