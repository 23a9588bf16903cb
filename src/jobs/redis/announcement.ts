import { promisify } from 'node:util';
import { deflate, inflate, inflateSync } from 'node:zlib';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { ServedModel } from '../../catalog/served-model.js';
import { inputKind, labelCounts, type ModelKinds, outputKind } from '../../datapoints/kinds.js';
import { modelSchemas } from '../../datapoints/model-schemas.js';
import { hashTexts } from '../../inference/file-hashes.js';
import { KnownError } from '../../support/errors.js';
import { tensorArrays } from '../../support/tensor.js';
import { fromJson, toJson } from './plain-data.js';

/** The form of announcements: another number whenever what kinds know of inputs and outputs has another form. */
const format = 1;

/** Bytes of an announcement, as Redis has it and once it is inflated. */
export const largest = { deflated: 8 * 2 ** 20, inflated: 64 * 2 ** 20 };

/** Bytes that are inflated at once: a thread takes longer than they do, and they hold up nobody, for none make more than 16 MB. */
const quick = 16 * 2 ** 10;

/** Hashes of inputs, outputs and what kinds know of them that were found right lately: those of many models are alike. */
const right = new Set<string>();
const mostRight = 1000;

/** A model can't be announced, or an announcement can't be used. */
export class AnnouncementError extends KnownError {
  readonly audience = 'client';
  readonly code = 'announcement_invalid';
}

const TensorInfo = Type.Object({
  name: Type.String(),
  type: Type.Enum(Object.keys(tensorArrays) as (keyof typeof tensorArrays)[]),
  shape: Type.Array(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]), { maxItems: 64 }),
});
const Claimed = Type.Record(Type.String(), Type.Object({ kind: Type.String(), spec: Type.Unknown() }));
const size = Type.Integer({ minimum: 1 });

/** What a gateway needs of a model. */
const Announcement = Type.Object({
  format: Type.Literal(format),
  digest: Type.String(),
  name: Type.String(),
  version: Type.Integer({ minimum: 0 }),
  alias: Type.Optional(Type.String()),
  card: Type.Object({ description: Type.Optional(Type.String()) }),
  kinds: Type.Object({ inputs: Claimed, outputs: Claimed }),
  assumptions: Type.Array(
    Type.Object({
      key: Type.String(),
      value: Type.Unknown(),
      basis: Type.String(),
      certainty: Type.Enum(['certain', 'likely', 'guess']),
      text: Type.Optional(Type.String()),
    }),
  ),
  inputs: Type.Array(TensorInfo, { minItems: 1 }),
  outputs: Type.Array(TensorInfo, { minItems: 1 }),
  engine: Type.Enum(['onnx', 'tensorflow']),
  batchDependent: Type.Optional(Type.Boolean()),
  image: Type.Optional(Type.Object({ size: Type.Tuple([size, size]), channels: Type.Optional(Type.Enum([1, 3, 4])) })),
  classes: Type.Number(),
});
/** The same once it is read. */
export type Announcement = Omit<Static<typeof Announcement>, 'kinds' | 'image' | 'assumptions' | 'card'> &
  Pick<ServedModel, 'kinds' | 'image' | 'assumptions' | 'card'>;

const announcement = Compile(Announcement);

/** A model as it is announced. */
export interface AnnouncedBytes {
  /** The hash of all that is announced, the digest of the model's files among it: the same on every machine with the same files. */
  generation: string;
  bytes: Buffer;
}

/**
 * A model as it is announced. What is logged of it is its worker's.
 * @param called its name and version, and another name under which it is found
 * @throws AnnouncementError where it is too large
 */
export async function writeAnnouncement(
  { digest, card, kinds, assumptions, inputs, outputs, engine, batchDependent, image, classes }: ServedModel,
  { name, version, alias }: { name: string; version: number; alias: string | undefined },
): Promise<AnnouncedBytes> {
  const called = { format, digest, name, version, alias };
  const described = { card, kinds, assumptions, inputs, outputs, engine, batchDependent, image, classes };
  const text = JSON.stringify(toJson({ ...called, ...described }));
  const bytes = text.length > largest.inflated ? undefined : await promisify(deflate)(text);
  if (bytes && bytes.length <= largest.deflated) return { generation: hashTexts([text]), bytes };
  throw new AnnouncementError(
    `What is known of the model "${name}" is too large to be announced: its labels, words and columns have ${text.length} characters.`,
  );
}

/**
 * What was announced under a generation.
 * @throws AnnouncementError where it is damaged, or of another form than is known here
 */
export async function readAnnouncement(bytes: Uint8Array, generation: string): Promise<Announcement> {
  try {
    const bound = { maxOutputLength: largest.inflated };
    const inflated = bytes.length <= quick ? inflateSync(bytes, bound) : await promisify(inflate)(bytes, bound);
    const text = inflated.toString();
    if (hashTexts([text]) !== generation) throw new Error('It is damaged.');
    return check(JSON.parse(text));
  } catch (cause) {
    if (cause instanceof AnnouncementError) throw cause;
    throw new AnnouncementError('What a worker says of the model can’t be read.', { cause });
  }
}

/** The same of what was read before, and is right. */
export const readAgain = (bytes: Uint8Array): Announcement => parse(inflateSync(bytes).toString()) as Announcement;

const parse = (text: string): unknown => fromJson(JSON.parse(text));

/** @param json what was written @throws Error */
function check(json: unknown): Announcement {
  const found = fromJson(json);
  const other = (found as { format?: unknown } | null)?.format;
  if (other !== format && typeof other === 'number')
    throw new AnnouncementError(
      `A worker of another version of keras-serve has the model, and says in form ${other} what it is: form ${format} is known here.`,
    );
  if (!announcement.Check(found)) throw new Error(JSON.stringify(announcement.Errors(found)[0]));
  const read = found as Announcement;
  const { inputs, outputs, kinds } = json as Announcement;
  const hash = hashTexts([JSON.stringify([inputs, outputs, kinds])]);
  if (right.has(hash)) return read;
  tryOut(read);
  if (right.size >= mostRight) right.clear();
  right.add(hash);
  return read;
}

/** Makes what documents are made of, so that what kinds know here is what they need. @throws Error */
function tryOut({ inputs, outputs, kinds }: Announcement): void {
  modelSchemas({ inputs, outputs, kinds });
  labelCounts(kinds);
  const spell = (side: keyof ModelKinds, kindOf: typeof inputKind | typeof outputKind) => {
    for (const { kind, spec } of Object.values(kinds[side])) kindOf(kind).spell?.(spec);
  };
  spell('inputs', inputKind);
  spell('outputs', outputKind);
}
