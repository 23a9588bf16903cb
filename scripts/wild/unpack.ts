/**
 * Lays the files of each repository of `models/` where main.ts looks for them, as they lie at its commit:
 *
 *     node --import tsx scripts/wild/unpack.ts SNAPSHOTS FOLDER
 *
 * SNAPSHOTS has a folder `owner+name` for each, with a git repository in it, or in its `repo`. Files that a snapshot lacks, as those over
 * its limit of size, are passed over; links are no files.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { entries } from './entries.js';

const [snapshots, folder] = process.argv.slice(2);
if (!snapshots || !folder) throw new Error('Usage: unpack.ts SNAPSHOTS FOLDER');

/** The most files of one repository that are laid there, and bytes of one. */
const most = { files: 5000, bytes: 64 * 2 ** 20 };

const repositoryIn = (path: string): string | undefined =>
  ['repo/.git', 'repo', '.git', ''].map((name) => join(path, name)).find((one) => existsSync(join(one, 'HEAD')));

for (const { repository, commit } of entries()) {
  const name = repository.replace('/', '+');
  const git = repositoryIn(join(snapshots, name));
  if (!git) {
    console.log(`${repository}: no snapshot`);
    continue;
  }
  const run = (...words: string[]) =>
    execFileSync('git', ['--git-dir', git, ...words], { maxBuffer: most.bytes, stdio: ['ignore', 'pipe', 'ignore'] });
  const files = run('ls-tree', '-r', '-z', commit)
    .toString()
    .split('\0')
    .flatMap((line) => {
      const [, hash, path] = /^100\d+ blob (\w+)\t(.*)$/s.exec(line) ?? [];
      return hash && path && !path.split('/').includes('..') ? [{ hash, path }] : [];
    })
    .slice(0, most.files);
  let missing = 0;
  for (const { hash, path } of files) {
    const place = join(folder, name, path);
    if (existsSync(place)) continue;
    try {
      const bytes = run('cat-file', 'blob', hash);
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, bytes);
    } catch {
      missing++;
    }
  }
  console.log(`${repository}: ${files.length - missing} files, ${missing} missing`);
}
