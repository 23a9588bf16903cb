/**
 * Writes what is made from the schemas: `openapi.yaml`, the OpenAPI document as the server gives it, and the types of
 * the TypeScript client, out of the document.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildApp } from '../src/app.js';
import { packageRoot } from '../src/support/package.js';
import { clientTypes } from './client-types.js';

const app = await buildApp({ model: join(packageRoot, 'models', 'efficientnet-lite0') });
const { payload: document } = await app.inject('/openapi.yaml');
await app.close();

const files = { 'openapi.yaml': document, 'examples/generated/keras-serve.ts': await clientTypes(document) };
for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(join(packageRoot, path)), { recursive: true });
  writeFileSync(join(packageRoot, path), text);
  console.log(`${path} is written.`);
}
