import assert from 'node:assert/strict';
import { renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileIdentity, settling } from '../../src/support/follow-file.js';
import { folderWith } from '../helpers/found-models.js';

describe('a file that is followed', () => {
  const looks: [name: string, found: string, changes: string][] = [
    ['stays as it is', 'aaaa', '----'],
    ['is another', 'abbb', '--b-'],
    ['is written slowly', 'abcdee', '-----e'],
    ['is briefly away', 'a-aa', '----'],
    ['is away, and comes back as it was', 'a--aa', '--x-a'],
    ['changes again', 'bbcc', '-b-c'],
  ];
  for (const [name, found, changes] of looks)
    it(name, () => {
      const hasChanged = settling('a');
      const seen = [...found].map((one) => (hasChanged(one) ? one.replace('-', 'x') : '-'));
      assert.equal(seen.join(''), changes);
    });

  it('is another when it was replaced, renamed over, edited, or is behind another link', async (t) => {
    const folder = folderWith(t, { one: 'same', other: 'same', edited: 'same' });
    const at = (name: string) => join(folder, name);
    const path = at('link');
    symlinkSync('one', path);
    const identities = [await fileIdentity(path)];
    const next = async (change: () => void) => {
      change();
      identities.push(await fileIdentity(path));
    };
    await next(() => {
      symlinkSync('other', at('new'));
      renameSync(at('new'), path);
    });
    await next(() => renameSync(at('edited'), at('other')));
    await next(() => writeFileSync(path, 'more'));
    // As what unpacks an archive does it.
    await next(() => utimesSync(path, 1, 1));
    await next(() => rmSync(path));
    assert.equal(new Set(identities).size, identities.length, identities.join('\n'));
    assert.equal(identities.at(-1), 'ENOENT');
    assert.equal(await fileIdentity(path), 'ENOENT');
  });
});
