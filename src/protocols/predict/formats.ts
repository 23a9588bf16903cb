import type { ServedModel } from '../../catalog/served-model.js';
import { outputKind } from '../../datapoints/kinds.js';
import { haveRows } from '../../datapoints/rows.js';
import type { Size } from '../../images/framing.js';
import type { TensorInfo } from '../../support/tensor.js';
import { ProtocolRequestError } from '../errors.js';
import { jsonType } from '../protocol.js';
import { qualityOf } from './accept.js';

/** What a reply is asked for. */
export interface Asked {
  model: Pick<ServedModel, 'outputs' | 'kinds'>;
  /** The output that the request picks. */
  output: TensorInfo | undefined;
  /** How many datapoints there are. */
  rows: number;
}

/** A form of replies. */
export interface ReplyFormat {
  mediaType: string;
  contentType: string;
  /** What writes it, as `src/protocols/json-tasks.ts` has it. */
  task: 'writePredictions' | 'writePng' | 'writeCsv';
  /** The outputs that such a reply may have; none where there is never one. */
  candidates(model: Asked['model']): readonly TensorInfo[];
  /** The outputs that the reply has; a sentence that says why there can't be one. */
  outputsOf(asked: Asked): readonly TensorInfo[] | string;
}

const isPicture = ({ kinds }: Asked['model'], { name }: TensorInfo): boolean =>
  outputKind(kinds.outputs[name]!.kind).picture !== undefined;

/** The outputs of a model that are pictures. */
export const picturesOf = (model: Asked['model']): TensorInfo[] =>
  haveRows(model.outputs) ? model.outputs.filter((output) => isPicture(model, output)) : [];

/** The outputs of a model that have columns in CSV, with them. */
const columnsOf = ({ kinds }: Asked['model'], output: TensorInfo): readonly string[] | undefined => {
  const { kind, spec } = kinds.outputs[output.name]!;
  return outputKind(kind).csv?.columns(output, spec, '');
};

/** The outputs of a model that can be columns of CSV. */
export const tabularOf = (model: Asked['model']): TensorInfo[] =>
  haveRows(model.outputs) ? model.outputs.filter((output) => columnsOf(model, output)) : [];

/** The most memory that it takes to write pictures, in bytes. @param sources the sizes that they shall have */
export const pictureBytes = (
  { kinds }: Asked['model'],
  outputs: readonly TensorInfo[],
  rows: number,
  sources: readonly Size[] | undefined,
): number =>
  outputs
    .map((output) => {
      const { kind, spec } = kinds.outputs[output.name]!;
      const bytes = (source?: Size) => outputKind(kind).picture?.bytes(output, spec, source) ?? 0;
      return sources ? sources.reduce((sum, source) => sum + bytes(source), 0) : rows * bytes();
    })
    .reduce((sum, bytes) => sum + bytes, 0);

const pick = (outputs: readonly TensorInfo[]): string =>
  outputs.length > 0 ? ` Pick ${outputs.map(({ name }) => `?output=${encodeURIComponent(name)}`).join(' or ')}.` : '';

/** What replies can be. Of those that a client wants as much as one another it gets the first. */
export const formats: readonly ReplyFormat[] = [
  {
    mediaType: 'application/json',
    contentType: jsonType,
    task: 'writePredictions',
    candidates: ({ outputs }) => outputs,
    outputsOf: ({ model }) => model.outputs,
  },
  {
    mediaType: 'image/png',
    contentType: 'image/png',
    task: 'writePng',
    candidates: picturesOf,
    outputsOf({ model, output, rows }) {
      const pictures = picturesOf(model);
      if (pictures.length === 0)
        return 'image/png is for models that give a mask or an image, and this one gives none.';
      const chosen = output ? pictures.filter(({ name }) => name === output.name) : pictures;
      if (chosen.length === 0)
        return `image/png is for a mask or an image, and "${output!.name}" is none.${pick(pictures)}`;
      if (chosen.length > 1) return `image/png is one picture, and the model gives ${chosen.length}.${pick(chosen)}`;
      return rows === 1 ? chosen : `image/png is for one datapoint, and there are ${rows}.`;
    },
  },
  {
    mediaType: 'text/csv',
    contentType: 'text/csv; charset=utf-8; header=present',
    task: 'writeCsv',
    candidates: tabularOf,
    outputsOf({ model, output }) {
      const tabular = tabularOf(model);
      const asked = output ? [output] : model.outputs;
      const other = asked.find((one) => !tabular.includes(one));
      if (!other) return asked;
      const kind = model.kinds.outputs[other.name]!.kind;
      return `text/csv has a row for each datapoint, which "${other.name}", a ${kind}, can't be.${pick(tabular)}`;
    },
  },
];

/** What a reply will be. */
export interface ChosenFormat {
  format: ReplyFormat;
  outputs: readonly TensorInfo[];
}

/**
 * The form of a reply that the client wants most of those that there can be; JSON where it wants none that we know.
 * @param accept the header
 * @throws ProtocolRequestError `not_acceptable` where there can be none that it wants
 */
export function chooseFormat(accept: string | undefined, asked: Asked): ChosenFormat {
  const wanted = formats
    .map((format) => ({ format, quality: qualityOf(format.mediaType, accept) }))
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality);
  let reason: string | undefined;
  // Most clients take anything: what they would like less is not worked out.
  for (const { format } of wanted.length > 0 ? wanted : [{ format: formats[0]! }]) {
    const outputs = format.outputsOf(asked);
    if (typeof outputs !== 'string') return { format, outputs };
    reason ??= outputs;
  }
  throw new ProtocolRequestError(`${reason} Ask for application/json instead.`, 'not_acceptable');
}
