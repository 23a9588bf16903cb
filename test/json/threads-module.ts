/** Tasks for the tests of threads. */
import { setTimeout as sleep } from 'node:timers/promises';
import { JsonError } from '../../src/json/error.js';
import { serveTasks } from '../../src/json/serve-tasks.js';

export const tasks = {
  double: (values: Float32Array) => values.map((value) => 2 * value),
  refuse: (message: string): number => {
    throw new JsonError('json_invalid', message);
  },
  fail: (code: string): number => {
    throw Object.assign(new Error('It failed.'), { code });
  },
  end: (): number => process.exit(1),
  exhaust: (): number => {
    const kept: object[] = [];
    for (;;) kept.push({ kept: kept.length });
  },
  wait: async (milliseconds: number) => {
    await sleep(milliseconds);
    return milliseconds;
  },
};

serveTasks(tasks);
