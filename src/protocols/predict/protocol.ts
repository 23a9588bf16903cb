import { errorReply } from '../../../schemas/error.js';
import type { ServedModel } from '../../catalog/served-model.js';
import { ReplySizeError } from '../../datapoints/tensor-text.js';
import type { Size } from '../../images/framing.js';
import { filesOf, type ModelInput } from '../../serving/model-input.js';
import type { RequestContext } from '../../serving/request-context.js';
import { rowsOf } from '../../serving/serving.js';
import { formatBytes } from '../../support/bytes.js';
import { versionOf } from '../../support/model-name.js';
import { RawBody } from '../body.js';
import { ProtocolRequestError } from '../errors.js';
import { type Protocol, type ProtocolParts, transferable } from '../protocol.js';
import { type CsvBatches, csvRows, workOf } from './csv.js';
import { csvFileOf, type Form, type FormPart, partsFor } from './form-parts.js';
import { chooseFormat, pictureBytes } from './formats.js';
import { checkQuery, outputOf, type ReplyQuery, topKOf } from './query.js';
import { bodyOf, type FoundBody } from './untold-body.js';

/** The parts of an address that name a model: none is the default one. */
export interface PredictAddress {
  name?: string;
  version?: string;
}

/** A request to predict. */
export interface PredictMessage extends ReplyQuery {
  /** The media type of the body, without parameters; `application/octet-stream` where none is named. */
  mediaType: string;
  body: RawBody | Form;
  /** The header `Accept`. */
  accept?: string;
}

/**
 * `POST /predict`: images or JSON in, predictions out.
 * @param maxImageSize the largest image file, in bytes
 */
export const predictProtocol = (maxImageSize: number): Protocol<PredictAddress, PredictMessage> => ({
  prefix: '',
  errorBody: errorReply,

  lease: (serving, { name, version }) =>
    serving.lease(name, version === undefined ? undefined : versionNumber(version)),

  async keep(message, model) {
    const { body } = message;
    if (body instanceof RawBody) return { message: { ...message, body: body.kept }, bytes: body.chunks };
    const parts = await body.parts(partsFor(model));
    return { message: { ...message, body: { parts: async () => parts } }, bytes: parts.flatMap(bytesOf) };
  },

  async answer(parts, lease, message, context) {
    const { serving, tasks } = parts;
    const { model } = lease;
    const topK = topKOf(message.topK, model);
    const output = outputOf(message.output, model);
    const { batches, rows, single } = await readMessage(parts, model, message, context);
    const { format, outputs } = chooseFormat(message.accept, { model, output, rows });
    const inputs = batches.flatMap((batch) => (batch instanceof Uint8Array ? [] : [batch]));
    checkQuery(message, format, model, inputs);
    if (inputs.flatMap(filesOf).some(({ length }) => length > maxImageSize))
      throw new ProtocolRequestError(imageTooLarge(maxImageSize), 'content_too_large');
    const { contentType, task } = format;
    const kinds = model.kinds.outputs;
    const written = outputs.filter(({ name }) => kinds[name]!.kind === 'tensor');
    const { maxReplySize } = serving.limits;
    const body: Uint8Array[] = [];
    let bytes = 0;
    const keep = (chunks: readonly Uint8Array[]) => {
      bytes += chunks.reduce((sum, { length }) => sum + length, 0);
      if (bytes > maxReplySize) throw new ReplySizeError(maxReplySize);
      body.push(...chunks);
    };
    let writing: Promise<Uint8Array[]> = Promise.resolve([]);
    for (const [index, batch] of batches.entries()) {
      const input = batch instanceof Uint8Array ? await readAgain(parts, model, batch, context) : batch;
      let sources: readonly Size[] | undefined;
      const given = await serving.run(lease, input, written, context, (sizes) => {
        if (message.size === 'input') sources = sizes;
        context.memory.grow(pictureBytes(model, outputs, rowsOf(model, input), sources));
      });
      const { tensors, size, transfer } = transferable(
        Object.fromEntries(outputs.map(({ name }) => [name, given[name]!])),
      );
      const part = { isFirst: index === 0, isLast: index === batches.length - 1 };
      const predictions = {
        outputs: tensors,
        infos: outputs,
        kinds,
        topK,
        single,
        sources,
        maxSize: maxReplySize,
        part,
      };
      const pixels = (sources ?? []).reduce((sum, { height, width }) => sum + height * width, 0);
      keep(await writing);
      writing = tasks.run(task, predictions, size + pixels, { transfer, signal: context.signal });
      // It goes on while the next batch runs, which may fail first.
      writing.catch(() => undefined);
    }
    keep(await writing);
    return { contentType, body };
  },
});

/** The message for an image file that is larger than it may be. */
export const imageTooLarge = (limit: number): string =>
  `The image is larger than ${formatBytes(limit)}, the most that this server takes.`;

/** What a request asks the model about: one batch, or several which are one list. */
interface ReadMessage extends CsvBatches {
  single: boolean;
}

async function readMessage(
  parts: ProtocolParts,
  model: ServedModel,
  { mediaType, body: sent }: PredictMessage,
  context: RequestContext,
): Promise<ReadMessage> {
  const body = sent instanceof RawBody ? bodyOf(sent, mediaType, model) : await formBody(sent, model);
  const { inputs, outputs, kinds } = model;
  const { signal, timings } = context;
  if ('image' in body) return { batches: [{ [inputs[0]!.name]: { files: [body.image] } }], rows: 1, single: true };
  const started = performance.now();
  const asked = { signature: { inputs, outputs }, kinds: kinds.inputs };
  const read = async (): Promise<ReadMessage> => {
    if ('csv' in body) return { ...(await readRows(parts, model, body.csv, context)), single: false };
    const { input, single } =
      'form' in body
        ? await parts.tasks.run('readForm', { ...asked, parts: body.form }, textSize(body.form), { signal })
        : await parts.tasks.run('readInput', { ...asked, body: body.json.chunks }, body.json.size, {
            transfer: body.json.buffers,
            signal,
          });
    return { batches: [input], rows: rowsOf(model, input), single };
  };
  const found = await read();
  timings.decode = performance.now() - started;
  return found;
}

/** Reads the rows of CSV. */
const readRows = (
  { serving, tasks }: ProtocolParts,
  model: ServedModel,
  { chunks, size, buffers }: RawBody,
  { signal }: RequestContext,
): Promise<CsvBatches> => {
  const { inputs, outputs, kinds } = model;
  const rows = csvRows(model, serving.limits.maxRows);
  const asked = { body: chunks, signature: { inputs, outputs }, kinds: kinds.inputs, ...rows };
  return tasks.run('readCsv', asked, workOf(size, model, kinds.inputs), { transfer: buffers, signal });
};

/** Reads a batch that was left as CSV. */
async function readAgain(
  parts: ProtocolParts,
  model: ServedModel,
  csv: Uint8Array<ArrayBuffer>,
  context: RequestContext,
): Promise<ModelInput> {
  const { batches } = await readRows(parts, model, new RawBody([csv], csv.length), context);
  return batches[0] as ModelInput;
}

/** Bytes of a form that are read: its files are images, which are decoded elsewhere. */
const textSize = (parts: readonly FormPart[]): number =>
  parts.reduce((sum, { bytes, isFile }) => sum + (isFile ? 0 : bytes.length), 0);

async function formBody(form: Form, model: ServedModel): Promise<FoundBody> {
  const parts = await form.parts(partsFor(model));
  const csv = csvFileOf(parts, model);
  return csv ? { csv: new RawBody([csv.bytes], csv.bytes.length).kept } : { form: parts };
}

/** A field of a form without what another form of the same has otherwise: the line between its fields. */
const bytesOf = ({ name, mediaType = '', fileName = '', bytes }: FormPart): Uint8Array[] => [
  Buffer.from(JSON.stringify([name, mediaType, fileName, bytes.length])),
  bytes,
];

function versionNumber(text: string): number {
  const version = versionOf(text);
  if (version !== undefined) return version;
  throw new ProtocolRequestError('A version is a whole number.', 'model_version_unknown');
}
