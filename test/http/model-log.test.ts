/** What the log says at start of the models that are served. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pino } from 'pino';
import { buildApp } from '../../src/app.js';
import { folderOf, kindModels } from '../helpers/kind-models.js';

it('has a line for each assumption, with what it rests on and how to change it, and a warning of all that is guessed', async (t) => {
  const lines: { model?: string; msg: string; level: number }[] = [];
  const logger = pino({ level: 'info' }, { write: (text: string) => lines.push(JSON.parse(text)) });
  const app = await buildApp({ model: folderOf(kindModels), processes: 1, noCache: true, logger });
  t.after(() => app.close());
  await app.ready();
  for (const name of Object.keys(kindModels)) {
    const { assumptions } = (await app.inject(`/models/${name}`)).json() as {
      assumptions: { key: string; basis: string; certainty: string }[];
    };
    const said = lines.filter(({ model, msg }) => model === name && msg.includes(', for '));
    assert.equal(said.length, assumptions.length, said.map(({ msg }) => msg).join('\n'));
    for (const { key, basis, certainty } of assumptions) {
      // The only image and output have short names in cards.
      const last = key.split('.').at(-1)!;
      const line = said.find(({ msg }) => msg.includes(`${last}: `) && msg.includes(`for ${basis}`));
      assert.ok(line, `${name}: ${key}`);
      assert.equal(line.msg.includes('(a guess)'), certainty === 'guess', line.msg);
      assert.match(line.msg, /; set \S+ in serve\.json to change it$/);
    }
    const guessed = assumptions.filter(
      ({ certainty, key }) => certainty === 'guess' && !/\.(resize|interpolation|padding)$/.test(key),
    );
    const warned = lines.filter(
      ({ model, level, msg }) => model === name && level === pino.levels.values.warn && msg.includes('guessed'),
    );
    assert.equal(warned.length, Math.min(guessed.length, 1), name);
    for (const { key } of guessed) assert.ok(warned[0]!.msg.includes(`${key} (`), key);
  }
  assert.ok(lines.some(({ msg }) => msg.includes('(a guess)')));
  assert.ok(lines.some(({ msg }) => msg.includes('guessed, and maybe wrong: ')));
});
