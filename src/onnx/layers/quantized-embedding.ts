import { quantizationOf } from '../../keras/quantized.js';
import type { LayerCall } from '../context.js';
import type { Value } from '../graph.js';
import { div, gather, toFloat, unsqueeze } from '../operators/index.js';
import { dequantized, integers, type Matrix, turned, unpacked } from './dequantized.js';
import { floatProduct, groupsOf, integerProduct, matrixProduct, scaleOf, withAdapter } from './quantized.js';

const sizesOf = ({ config }: LayerCall): [rows: number, columns: number] => [
  config.integer('input_dim', undefined, 1),
  config.integer('output_dim', undefined, 1),
];

/** The whole numbers of a table; in int4, neighbours in a row share a byte. */
function table(call: LayerCall): Matrix {
  const [rows, columns] = sizesOf(call);
  const weight = call.rawWeight('embeddings');
  return quantizationOf(call.layer)!.mode === 'int4'
    ? unpacked('embeddings', weight, rows, columns, 'columns')
    : integers('embeddings', weight, rows, columns);
}

const groupedTable = (call: LayerCall): Matrix =>
  dequantized(table(call), groupsOf(call, 'embeddings'), 'columns', 'embeddings');

/** Rows of an Embedding layer's table by index; undefined where it isn't quantized. */
export function quantizedRows(indices: Value, call: LayerCall): Value | undefined {
  const quantization = quantizationOf(call.layer);
  if (!quantization) return undefined;
  const [rows, columns] = sizesOf(call);
  const constant = (type: 'int8' | 'float32', make: () => Matrix) =>
    call.once(`embeddings:${type}`, () => {
      const { data } = make();
      return call.graph.constant(type, [rows, columns], type === 'int8' ? Int8Array.from(data) : data, 'embeddings');
    });
  const looked = () => {
    if (quantization.grouped)
      return gather(
        constant('float32', () => groupedTable(call)),
        indices,
        0,
      );
    const scales = gather(scaleOf(call, 'embeddings', [rows]), indices, 0);
    return div(
      toFloat(
        gather(
          constant('int8', () => table(call)),
          indices,
          0,
        ),
      ),
      unsqueeze(scales, [-1]),
    );
  };
  return withAdapter(looked(), 'embeddings', call, (a) => gather(a, indices, 0));
}

/** The scores of a ReversibleEmbedding for every row of its table; undefined where it isn't quantized. */
export function quantizedScores(x: Value, call: LayerCall): Value | undefined {
  const quantization = quantizationOf(call.layer);
  if (!quantization) return undefined;
  const [rows, columns] = sizesOf(call);
  const isTied = call.config.boolean('tie_weights', true);
  const name = isTied ? 'embeddings' : 'reverse_embeddings';
  const numbers = (): Matrix => {
    if (isTied) return turned(table(call));
    const weight = call.rawWeight(name);
    return quantization.mode === 'int4'
      ? unpacked(name, weight, columns, rows, 'rows')
      : integers(name, weight, columns, rows);
  };
  if (!quantization.grouped)
    return integerProduct(x, call, matrixProduct, `scores/${name}`, scaleOf(call, name, [rows]), numbers);
  return floatProduct(x, call, matrixProduct, `scores/${name}`, () =>
    isTied ? turned(groupedTable(call)) : dequantized(numbers(), groupsOf(call, name), 'rows', name),
  );
}
