/** Writes the JSON Schema of configuration files, which is made of the table of settings. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configSchema } from '../src/settings/config-keys.js';
import { packageRoot } from '../src/support/package.js';

const path = 'schemas/config.schema.json';
writeFileSync(join(packageRoot, path), `${JSON.stringify(configSchema(), null, 2)}\n`);
console.log(`${path} is written.`);
