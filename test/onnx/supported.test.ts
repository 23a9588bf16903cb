import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { committedNames, idleRefusals, verdicts } from '../../conformance/supported/compare.js';
import { page } from '../../conformance/supported/page.js';

const names = committedNames();

describe('the public layers and operations of Keras', () => {
  it('are served, or refused with a reason', () => {
    const unknown = verdicts(names).filter(({ kind }) => kind === 'unknown');
    assert.deepEqual(unknown, []);
  });

  it('have no refusal that says nothing any more', () => {
    assert.deepEqual(idleRefusals(names), []);
  });

  it('have reasons that say what to do', () => {
    const refused = verdicts(names).filter(({ kind }) => kind === 'refused');
    assert.ok(refused.length > 0);
    for (const { name, reason } of refused) assert.match(reason!, /^[^;]+; [^;]+$/, name);
  });

  it('are in docs/supported.md: npm run conformance:catalogue -- --page', () => {
    const written = readFileSync('docs/supported.md', 'utf8');
    assert.equal(written, page(names));
  });

  it('are told when a newer Keras has more', () => {
    const newer = { ...names, layers: { ...names.layers, Hyperdense: 'Hyperdense' } };
    const unknown = verdicts(newer).filter(({ kind }) => kind === 'unknown');
    assert.deepEqual(
      unknown.map(({ name }) => name),
      ['layers.Hyperdense'],
    );
  });
});
