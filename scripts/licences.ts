/** Writes the table of licences in docs/dependencies.md, out of the lock file and of what is built. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/support/package.js';
import { dependenciesOf, withLicences } from './dependencies.js';

const path = join(packageRoot, 'docs', 'dependencies.md');
writeFileSync(path, withLicences(readFileSync(path, 'utf8'), dependenciesOf(packageRoot)));
