/**
 * Asks a running keras-serve what is on an image. Request and reply are typed by `generated/keras-serve.ts`, which
 * `npx openapi-typescript openapi.yaml` makes.
 *
 *     npx tsx examples/simple-request.ts [image] [url]
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import createClient from 'openapi-fetch';
import type { components, paths } from './generated/keras-serve.js';

const [image = fileURLToPath(new URL('cat.jpg', import.meta.url)), url = 'http://localhost:5000/predict'] =
  process.argv.slice(2);

const form = new FormData();
form.append('image', new Blob([await readFile(image)]), basename(image));

const client = createClient<paths>({ baseUrl: new URL('.', url).href });
const { data, error } = await client.POST('/predict', { body: { image }, bodySerializer: () => form });

if (error) {
  console.error(`Request failed: ${error.error.message}`);
  process.exit(1);
}
// One image has a list of labels; a request with instances would have a list for each of them.
const predictions = data.predictions as components['schemas']['Prediction'][];
for (const [index, { label, probability }] of predictions.entries()) {
  console.log(`${index + 1}. ${label}: ${probability?.toFixed(4) ?? 'no number'}`);
}
