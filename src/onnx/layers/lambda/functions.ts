import type { LayerTable } from '../../context.js';
import { functionHandlers } from '../operations/index.js';
import { readTable, type TensorflowFunction, tensorflowFunctions } from '../operations/tensorflow-functions.js';

/**
 * Functions of `keras.ops` (since Keras 3), `keras.backend` (`K`, until Keras 2 and as Keras 3 keeps it for old code) and
 * `keras.activations`, in the form of the table of TensorFlow's.
 *
 * https://keras.io/api/ops/ and https://www.tensorflow.org/versions/r2.15/api_docs/python/tf/keras/backend
 */
const table = `
ops.abs                 Absolute x
ops.absolute            Absolute x
ops.add                 Add x1 x2
ops.all                 All x axis keepdims
ops.any                 Any x axis keepdims
ops.arccos              Arccos x
ops.arcsin              Arcsin x
ops.arctan              Arctan x
ops.arctan2             Arctan2 x1 x2
ops.argmax              Argmax x axis keepdims
ops.argmin              Argmin x axis keepdims
ops.broadcast_to        BroadcastTo x shape
ops.cast                Cast x dtype
ops.ceil                Ceil x
ops.clip                Clip x x_min x_max
ops.concatenate         Concatenate xs axis=0
ops.cos                 Cos x
ops.cosh                Cosh x
ops.divide              Divide x1 x2
ops.divide_no_nan       DivideNoNan x1 x2
ops.einsum              Einsum subscripts *operands
ops.elu                 Elu x alpha
ops.equal               Equal x1 x2
ops.erf                 Erf x
ops.exp                 Exp x
ops.expand_dims         ExpandDims x axis
ops.expm1               Expm1 x
ops.flip                Flip x axis
ops.floor               Floor x
ops.floor_divide        FloorDivide x1 x2
ops.gelu                Gelu x approximate
ops.greater             Greater x1 x2
ops.greater_equal       GreaterEqual x1 x2
ops.hard_sigmoid        HardSigmoid x
ops.isfinite            Isfinite x
ops.isinf               Isinf x
ops.isnan               Isnan x
ops.leaky_relu          LeakyRelu x negative_slope
ops.less                Less x1 x2
ops.less_equal          LessEqual x1 x2
ops.log                 Log x
ops.log10               Log10 x
ops.log1p               Log1p x
ops.log2                Log2 x
ops.log_softmax         LogSoftmax x axis=-1
ops.logical_and         LogicalAnd x1 x2
ops.logical_not         LogicalNot x
ops.logical_or          LogicalOr x1 x2
ops.logsumexp           Logsumexp x axis keepdims
ops.matmul              Matmul x1 x2
ops.max                 Max x axis keepdims initial
ops.maximum             Maximum x1 x2
ops.mean                Mean x axis keepdims
ops.min                 Min x axis keepdims initial
ops.minimum             Minimum x1 x2
ops.mod                 Mod x1 x2
ops.moveaxis            Moveaxis x source destination
ops.multiply            Multiply x1 x2
ops.negative            Negative x
ops.not_equal           NotEqual x1 x2
ops.one_hot             OneHot x num_classes axis=-1 dtype sparse:-
ops.ones_like           OnesLike x dtype
ops.power               Power x1 x2
ops.prod                Prod x axis keepdims dtype
ops.reciprocal          Reciprocal x
ops.relu                Relu x
ops.relu6               Relu6 x
ops.repeat              Repeat x repeats axis
ops.reshape             Reshape x newshape
ops.roll                Roll x shift axis
ops.round               Round x decimals
ops.rsqrt               Rsqrt x
ops.selu                Selu x
ops.sigmoid             Sigmoid x
ops.sign                Sign x
ops.silu                Silu x
ops.sin                 Sin x
ops.sinh                Sinh x
ops.softmax             Softmax x axis=-1
ops.softplus            Softplus x
ops.softsign            Softsign x
ops.sqrt                Sqrt x
ops.square              Square x
ops.squeeze             Squeeze x axis
ops.stack               Stack x axis=0
ops.std                 Std x axis keepdims
ops.stop_gradient       StopGradient variable
ops.subtract            Subtract x1 x2
ops.sum                 Sum x axis keepdims
ops.swapaxes            Swapaxes x axis1 axis2
ops.tan                 Tan x
ops.tanh                Tanh x
ops.tensordot           Tensordot x1 x2 axes=2
ops.tile                Tile x repeats
ops.transpose           Transpose x axes
ops.true_divide         TrueDivide x1 x2
ops.var                 Var x axis keepdims
ops.where               Where condition x1 x2
ops.zeros_like          ZerosLike x dtype

backend.abs             Absolute x
backend.all             All x axis keepdims
backend.any             Any x axis keepdims
backend.argmax          Argmax x axis=-1 output_type=int64
backend.argmin          Argmin x axis=-1 output_type=int64
backend.batch_flatten   BatchFlatten x
backend.cast            Cast x dtype
backend.cast_to_floatx  ToFloat x
backend.clip            Clip x min_value:x_min max_value:x_max
backend.concatenate     Concatenate tensors:xs axis=-1
backend.constant        Array value:x dtype=float32
backend.cos             Cos x
backend.elu             Elu x alpha
backend.equal           Equal x:x1 y:x2
backend.exp             Exp x
backend.expand_dims     ExpandDims x axis=-1
backend.flatten         Ravel x
backend.greater         Greater x:x1 y:x2
backend.greater_equal   GreaterEqual x:x1 y:x2
backend.hard_sigmoid    HardSigmoidOld x
backend.identity        Copy x
backend.l2_normalize    L2Normalize x axis
backend.less            Less x:x1 y:x2
backend.less_equal      LessEqual x:x1 y:x2
backend.log             Log x
backend.max             Max x axis keepdims
backend.maximum         Maximum x:x1 y:x2
backend.mean            MeanOfFloats x axis keepdims
backend.min             Min x axis keepdims
backend.minimum         Minimum x:x1 y:x2
backend.not_equal       NotEqual x:x1 y:x2
backend.one_hot         OneHot indices:x num_classes axis=-1
backend.ones_like       OnesLike x dtype
backend.permute_dimensions Transpose x pattern:axes
backend.pow             Power x:x1 a:x2
backend.prod            Prod x axis keepdims
backend.relu            ReluOld x alpha max_value
backend.reshape         Reshape x shape:newshape
backend.reverse         Flip x axes:axis
backend.round           Round x
backend.shape           Shape x
backend.sigmoid         Sigmoid x
backend.sign            Sign x
backend.sin             Sin x
backend.softmax         Softmax x axis=-1
backend.softplus        Softplus x
backend.softsign        Softsign x
backend.square          Square x
backend.squeeze         Squeeze x axis
backend.stack           Stack x axis=0
backend.std             Std x axis keepdims
backend.stop_gradient   StopGradient variables:variable
backend.sum             Sum x axis keepdims
backend.tanh            Tanh x
backend.tile            Tile x n:repeats
backend.transpose       Transpose x
backend.var             Var x axis keepdims
backend.zeros_like      ZerosLike x dtype

activations.elu         Elu x alpha
activations.exponential Exp x
activations.linear      Copy x
activations.relu        ReluWith x negative_slope:alpha max_value threshold
activations.selu        Selu x
activations.sigmoid     Sigmoid x
activations.silu        Silu x
activations.softmax     Softmax x axis=-1
activations.softplus    Softplus x
activations.softsign    Softsign x
activations.swish       Silu x
activations.tanh        Tanh x
`;

/** Functions of TensorFlow by where they are called in it, and Keras's own, by `module.name`. */
export const functions: Readonly<Record<string, TensorflowFunction>> = {
  ...Object.fromEntries(Object.entries(tensorflowFunctions).map(([name, one]) => [`tf.${name}`, one])),
  ...readTable(table),
};

/** What each of {@link functions} emits. */
export const handlers: LayerTable = functionHandlers(functions);
