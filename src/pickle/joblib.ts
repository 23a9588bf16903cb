import { Dtype, NumpyArray, shapeOf } from './arrays.js';
import { PickleError } from './error.js';
import { Built, type PickleValue, type Reading } from './values.js';

/** What joblib writes in the place of an array, whose bytes follow at once: its state says what they are. */
export class ArrayWrapper extends Built {
  build(state: PickleValue, reading: Reading): PickleValue {
    const fields = state instanceof Map ? state : new Map<PickleValue, PickleValue>();
    const dtype = fields.get('dtype');
    const shape = shapeOf(fields.get('shape') ?? null);
    if (!(dtype instanceof Dtype) || !shape) throw new PickleError('pickle_damaged', 'has a damaged array of joblib');
    if (dtype.kind === 'O') return reading.readNested();
    const { reader } = reading;
    if (typeof fields.get('numpy_array_alignment_bytes') === 'number') reader.take(reader.byte());
    const bytes = reader.take(shape.reduce((product, size) => product * size, dtype.size));
    return new NumpyArray().fill(shape, dtype, fields.get('order') === 'F', bytes, reading);
  }
}
