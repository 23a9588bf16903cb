import type { Mutation } from './list.js';

const memoryJobs = 'test/jobs/memory-jobs.test.ts';

/** Mistakes in what is answered later, and in who is told of it. */
export const jobMutations: Mutation[] = [
  {
    about: 'a job that has ended keeps what its request brought',
    file: 'src/jobs/job.ts',
    search: `    this.task = undefined;
`,
    replacement: '',
    test: memoryJobs,
    name: 'keep nothing of their requests once they have ended',
  },
  {
    about: 'a job that has ended keeps those who listened to its signal',
    file: 'src/jobs/job.ts',
    search: `    this.controller = undefined;
`,
    replacement: '',
    test: memoryJobs,
    name: 'keep nothing of their requests once they have ended',
  },
  {
    about: 'the jobs of all models stand in one line',
    file: 'src/jobs/memory-jobs.ts',
    search: 'this.laneOf(job.model).add(job)',
    replacement: "this.laneOf('').add(job)",
    test: memoryJobs,
    name: 'of one model are held up by those of no other',
  },
  {
    about: 'a job is everybody’s',
    file: 'src/jobs/memory-jobs.ts',
    search: 'job && job.owner === owner',
    replacement: 'job',
    test: memoryJobs,
    name: 'are their owners’ alone',
  },
  {
    about: 'another body with the same idempotency key gets the first one’s answer',
    file: 'src/jobs/idempotency-keys.ts',
    search: 'found && found.body !== body',
    replacement: 'false',
    test: 'test/routes/jobs.test.ts',
    name: 'of another body is refused',
  },
  {
    about: 'an idempotency key forgets in which form the answer was asked for',
    file: 'src/http/answer-later.ts',
    search: '[mediaType, headers.accept,',
    replacement: '[mediaType,',
    test: 'test/routes/jobs.test.ts',
    name: 'of another way to be answered is refused, too',
  },
  {
    about: 'a body that is kept can be read once only',
    file: 'src/protocols/body.ts',
    search: 'return this.isKept ? [] :',
    replacement: 'return false ? [] :',
    test: 'test/protocols/body.test.ts',
    name: 'can be read again and again where it is kept',
  },
  {
    about: 'a webhook goes wherever a name leads',
    file: 'src/jobs/webhook-address.ts',
    search: 'filter(({ address }) => !isPrivate(address))',
    replacement: 'filter(() => true)',
    test: 'test/robustness/jobs.test.ts',
    name: 'of a name that is a private address is told nothing',
  },
  {
    about: 'a receiver that switches protocols is waited for without end',
    file: 'src/jobs/webhooks.ts',
    search: "sent.on('upgrade', (_reply, socket) => {",
    replacement: "sent.on('nothing', (_reply, socket) => {",
    test: 'test/robustness/jobs.test.ts',
    name: 'that switches protocols, or says nothing',
  },
  {
    about: 'one receiver holds up the messages to all',
    file: 'src/jobs/webhooks.ts',
    search: 'const { host } = message.url;',
    replacement: "const host = '';",
    test: 'test/robustness/jobs.test.ts',
    name: 'that switches protocols, or says nothing',
  },
];
