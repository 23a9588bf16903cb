import type { TensorFlowServingMetadata, TensorFlowServingStatus } from '../../../schemas/tensorflow-serving.js';
import { type CatalogVersion, shownStatus } from '../../catalog/model-versions.js';
import type { ServedModel } from '../../catalog/served-model.js';
import type { TensorInfo } from '../../support/tensor.js';
import { tensorFlowTypeOf } from '../datatypes.js';
import { SERVING_DEFAULT } from './messages.js';

/** What versions of a model are doing, as TensorFlow Serving's `GetModelStatusResponse`. */
export const statusOf = (versions: readonly CatalogVersion[]): TensorFlowServingStatus => ({
  model_version_status: versions.map((known) => {
    const { state, error } = shownStatus(known);
    return {
      version: String(known.version),
      state,
      // An error beside a version that serves is of what its files hold now.
      status:
        error && state !== 'AVAILABLE'
          ? { error_code: 'FAILED_PRECONDITION', error_message: error.message }
          : { error_code: 'OK', error_message: '' },
    };
  }),
});

const tensorInfo = ({ name, type, shape }: TensorInfo) => [
  name,
  {
    dtype: tensorFlowTypeOf(type),
    tensor_shape: { dim: shape.map((size) => ({ size: String(size ?? -1), name: '' })), unknown_rank: false },
    name: `${name}:0`,
  },
];

/** What a version of a model takes and gives, as TensorFlow Serving's `GetModelMetadataResponse`. */
export const metadataOf = (
  name: string,
  version: number,
  { inputs, outputs }: ServedModel,
): TensorFlowServingMetadata => ({
  model_spec: { name, signature_name: '', version: String(version) },
  metadata: {
    signature_def: {
      signature_def: {
        [SERVING_DEFAULT]: {
          inputs: Object.fromEntries(inputs.map(tensorInfo)),
          outputs: Object.fromEntries(outputs.map(tensorInfo)),
          method_name: 'tensorflow/serving/predict',
        },
      },
    },
  },
});
