import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach } from 'node:test';
import type { ModelCard } from '../../schemas/card.js';
import { noteLine } from '../../src/cards/card-note.js';
import { type InferredCard, inferCard } from '../../src/cards/inferred-card.js';
import { imagesOf } from '../../src/datapoints/kinds.js';
import type { LabelledSpec } from '../../src/datapoints/labels.js';
import type { DescribedModel } from '../../src/inference/compile-messages.js';
import { hintsOf } from '../../src/inference/model-hints.js';
import { readKerasModel } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import type { TensorType } from '../../src/support/tensor.js';
import { type FixtureCase, unpackFamily } from './fixtures.js';

/** Families of models that real Keras wrote. */
export const families = ['cards', 'models'].map(unpackFamily);
after(() => {
  for (const { folder } of families) rmSync(folder, { recursive: true });
});

/** A case of the families. */
export function fixture(name: string): FixtureCase {
  const found = families.flatMap(({ cases }) => cases).find((one) => one.name === name);
  assert.ok(found, name);
  return found;
}

/** What the compiler tells of a model of the families. */
export async function compiled(name: string): Promise<DescribedModel> {
  const model = await readKerasModel(fixture(name).model, {});
  const { inputs, outputs } = compile(model);
  return { signature: { inputs, outputs }, hints: await hintsOf(model) };
}

/** The folder of the model whose card is inferred: empty for each test. */
export let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keras-serve-card-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes a file beside the model. */
export const write = (file: string, content: string) => writeFileSync(join(folder, file), content);
/** The card that is inferred for a model in the folder. @param given what `serve.json` says */
export const infer = (model: DescribedModel, given?: ModelCard): Promise<InferredCard> =>
  inferCard(model, { file: join(folder, 'model.keras'), given });

/** What the log says of a card. */
export const linesOf = ({ notes }: InferredCard) => notes.map((note) => `${note.level} ${noteLine(note)}`);
/** What it says of a key; nothing where the text is empty. */
export const lineOf = (inferred: InferredCard, key: string) =>
  linesOf(inferred).find((line) => line.startsWith(`info ${key}: `)) ?? '';

/** How images are prepared. */
export const settingsOf = ({ kinds }: InferredCard) => imagesOf(kinds)[Object.keys(kinds.inputs)[0]!]!.settings;
/** What the classes are called. */
export const labelsOf = ({ kinds }: InferredCard) =>
  (Object.values(kinds.outputs)[0]!.spec as LabelledSpec | null)?.labels;

/** A model that is known by its signature alone, as ONNX files are. */
export const model = (
  shape: (number | null)[],
  classes: number,
  { type = 'float32' as TensorType, hints = null as DescribedModel['hints'] } = {},
): DescribedModel => ({
  signature: {
    inputs: [{ name: 'x', type, shape }],
    outputs: [{ name: 'y', type: 'float32', shape: [null, classes] }],
  },
  hints,
});
/** One that takes images in colour. */
export const image = (classes: number, options?: Parameters<typeof model>[2]) =>
  model([null, 224, 224, 3], classes, options);
