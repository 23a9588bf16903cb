import type { NamedFile } from '../datapoints/kind.js';
import { inputKinds, outputKinds } from '../datapoints/kinds.js';
import type { CardReader } from './contents/read-messages.js';

const sides = { inputs: inputKinds, outputs: outputKinds };

/** How files are read that a card names, by where it does: `inputs.tokenizer`. */
export const cardReaders: Readonly<Record<CardReader, NamedFile>> = Object.fromEntries(
  Object.entries(sides).flatMap(([side, kinds]) =>
    kinds.flatMap(({ files = {} }) => Object.entries(files).map(([key, file]) => [`${side}.${key}`, file])),
  ),
);
