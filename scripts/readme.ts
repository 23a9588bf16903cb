/** Writes the README's table of options. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/support/package.js';
import { withOptions } from './options-table.js';

const path = join(packageRoot, 'README.md');
writeFileSync(path, withOptions(readFileSync(path, 'utf8')));
