import type { LayerTable } from '../../context.js';
import { arithmeticOperations } from './arithmetic.js';
import { comparisonOperations, tensorflowComparison } from './comparison.js';
import { creationOperations } from './creation.js';
import { ctcOperations } from './ctc.js';
import { elementwiseOperations } from './elementwise.js';
import { factorizationOperations } from './factorizations.js';
import { fourierOperations } from './fourier.js';
import { gatheringOperations, tensorflowGathering } from './gathering.js';
import { imageOperations, tensorflowResizing } from './image.js';
import { filterOperations } from './image-filters.js';
import { indexingOperations } from './indexing.js';
import { joiningOperations, tensorflowJoining } from './joining.js';
import { linearAlgebraOperations } from './linear-algebra.js';
import { coordinateOperations } from './map-coordinates.js';
import { neuralOperations } from './neural.js';
import { kerasOperation, type OperationTable } from './operation.js';
import { patchOperations } from './patches.js';
import { productOperations } from './products.js';
import { quantileOperations } from './quantiles.js';
import { reductionOperations } from './reduction.js';
import { scalingOperations } from './scale-and-translate.js';
import { segmentOperations } from './segments.js';
import { shapeOperations } from './shape.js';
import { similarityOperations } from './similarity.js';
import { singularValueOperations } from './singular-values.js';
import { sortingOperations } from './sorting.js';
import { functionHandler, tensorflowLayers } from './tensorflow.js';
import type { TensorflowFunction } from './tensorflow-functions.js';
import { tensorflowImages } from './tensorflow-images.js';
import { tensorflowMatrices } from './tensorflow-matrices.js';
import { tensorflowOperations } from './tensorflow-operations.js';
import { uniqueOperations } from './unique.js';
import { warpingOperations } from './warping.js';
import { wholeNumberOperations } from './whole-numbers.js';
import { windowOperations } from './windows.js';

/** Every operation by the name of its class in Keras 3. */
const operations: OperationTable = {
  ...arithmeticOperations,
  ...comparisonOperations,
  ...coordinateOperations,
  ...creationOperations,
  ...ctcOperations,
  ...elementwiseOperations,
  ...filterOperations,
  ...factorizationOperations,
  ...fourierOperations,
  ...gatheringOperations,
  ...imageOperations,
  ...indexingOperations,
  ...joiningOperations,
  ...linearAlgebraOperations,
  ...neuralOperations,
  ...patchOperations,
  ...productOperations,
  ...quantileOperations,
  ...reductionOperations,
  ...scalingOperations,
  ...segmentOperations,
  ...shapeOperations,
  ...similarityOperations,
  ...singularValueOperations,
  ...sortingOperations,
  ...warpingOperations,
  ...uniqueOperations,
  ...wholeNumberOperations,
  ...windowOperations,
};

/** Functions that TensorFlow has and Keras 3 has not, by names that describe them. */
const tensorflow: OperationTable = {
  ...tensorflowComparison,
  ...tensorflowGathering,
  ...tensorflowImages,
  ...tensorflowJoining,
  ...tensorflowMatrices,
  ...tensorflowOperations,
  ...tensorflowResizing,
};

const all: OperationTable = { ...operations, ...tensorflow };

/** What calls of functions emit, by the functions' names. */
export const functionHandlers = (functions: Readonly<Record<string, TensorflowFunction>>): LayerTable =>
  Object.fromEntries(Object.entries(functions).map(([name, one]) => [name, functionHandler(all, one)]));

/** Calls of functions on symbolic tensors, as Keras 3 (`ops.Add`) and Keras 2 (`TFOpLambda(tf.math.add)`) write them. */
export const operationLayers: LayerTable = {
  ...Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => [`ops.${name}`, kerasOperation(operation)]),
  ),
  ...tensorflowLayers(all),
};
