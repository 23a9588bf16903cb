import { outputKind } from '../../datapoints/kinds.js';
import { rowOf } from '../../datapoints/tensor-rows.js';
import { ReplySizeError } from '../../datapoints/tensor-text.js';
import type { PredictionsToWrite } from './reply.js';

/** The reply as a PNG file: the only output, of the only datapoint. @throws ReplySizeError */
export function writePng({ outputs, infos, kinds, sources, maxSize }: PredictionsToWrite): Uint8Array<ArrayBuffer>[] {
  const { name } = infos[0]!;
  const { kind, spec } = kinds[name]!;
  const file = outputKind(kind).picture!.png(rowOf(outputs[name]!, 0), spec, { source: sources?.[0] });
  if (file.length > maxSize) throw new ReplySizeError(maxSize);
  return [file];
}
