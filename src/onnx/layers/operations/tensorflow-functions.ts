/**
 * Functions of TensorFlow's API by the symbol that Keras 2 writes, `compat.v1.` left off but where version 1's is another function: the operation that each is, and its
 * parameters in order. A parameter is `name`, `theirs:ours` where the operation calls it otherwise, and may have a default that
 * holds for None too: `theirs:ours=default`.
 *
 * https://www.tensorflow.org/api_docs/python/tf
 */
const table = `
__operators__.add        Add x:x1 y:x2
__operators__.eq         Equal self:x1 other:x2
__operators__.ne         NotEqual self:x1 other:x2
__operators__.getitem    GetItem tensor:x slice_spec:key

math.abs                 Absolute x
math.accumulate_n        AddN inputs shape:- tensor_dtype:-
math.acos                Arccos x
math.acosh               Arccosh x
math.add                 Add x:x1 y:x2
math.add_n               AddN inputs
math.argmax              Argmax input:x axis=0 output_type=int64 dimension:axis
math.argmin              Argmin input:x axis=0 output_type=int64 dimension:axis
math.asin                Arcsin x
math.asinh               Arcsinh x
math.atan                Arctan x
math.atan2               Arctan2 y:x1 x:x2
math.atanh               Arctanh x
math.bessel_i0           I0 x
math.ceil                Ceil x
math.conj                Conjugate x
math.cos                 Cos x
math.cosh                Cosh x
math.count_nonzero       CountNonzero input:x axis keepdims dtype=int64
math.cumprod             Cumprod x axis=0 exclusive reverse
math.cumsum              Cumsum x axis=0 exclusive reverse
math.divide              Divide x:x1 y:x2
math.divide_no_nan       DivideNoNan x:x1 y:x2
math.equal               Equal x:x1 y:x2
math.erf                 Erf x
math.erfc                Erfc x
math.erfinv              Erfinv x
math.exp                 Exp x
math.expm1               Expm1 x
math.floor               Floor x
math.floordiv            FloorDivide x:x1 y:x2
math.floormod            Mod x:x1 y:x2
math.greater             Greater x:x1 y:x2
math.greater_equal       GreaterEqual x:x1 y:x2
math.in_top_k            InTopK targets predictions k
math.is_finite           Isfinite x
math.is_inf              Isinf x
math.is_nan              Isnan x
math.l2_normalize        L2Normalize x axis epsilon dim:axis
math.less                Less x:x1 y:x2
math.less_equal          LessEqual x:x1 y:x2
math.log                 Log x
math.log1p               Log1p x
math.log_sigmoid         LogSigmoid x
math.logical_and         LogicalAnd x:x1 y:x2
math.logical_not         LogicalNot x
math.logical_or          LogicalOr x:x1 y:x2
math.logical_xor         LogicalXor x:x1 y:x2
math.maximum             Maximum x:x1 y:x2
math.minimum             Minimum x:x1 y:x2
math.mod                 Mod x:x1 y:x2
math.multiply            Multiply x:x1 y:x2
math.multiply_no_nan     MultiplyNoNan x:x1 y:x2
math.negative            Negative x
math.not_equal           NotEqual x:x1 y:x2
math.pow                 Power x:x1 y:x2
math.real                Real input:x
math.reciprocal          Reciprocal x
math.reciprocal_no_nan   ReciprocalNoNan x
math.reduce_all          All input_tensor:x axis keepdims
math.reduce_any          Any input_tensor:x axis keepdims
math.reduce_euclidean_norm EuclideanNorm input_tensor:x axis keepdims
math.reduce_logsumexp    Logsumexp input_tensor:x axis keepdims
math.reduce_max          Max input_tensor:x axis keepdims
math.reduce_mean         MeanOfFloats input_tensor:x axis keepdims
math.reduce_min          Min input_tensor:x axis keepdims
math.reduce_prod         Prod input_tensor:x axis keepdims
math.reduce_std          Std input_tensor:x axis keepdims
math.reduce_sum          Sum input_tensor:x axis keepdims
math.reduce_variance     Var input_tensor:x axis keepdims
math.rint                Round x
math.round               Round x
math.rsqrt               Rsqrt x
math.scalar_mul          Multiply scalar:x1 x:x2
math.sigmoid             Sigmoid x
math.sign                Sign x
math.sin                 Sin x
math.sinh                Sinh x
math.softplus            Softplus features:x
math.sqrt                Sqrt x
math.square              Square x
math.squared_difference  SquaredDifference x:x1 y:x2
math.subtract            Subtract x:x1 y:x2
math.tan                 Tan x
math.tanh                Tanh x
math.top_k               TopK input:x k=1 sorted:- index_type:-
math.truediv             TrueDivide x:x1 y:x2
math.unsorted_segment_max SegmentMax data segment_ids num_segments
math.unsorted_segment_min SegmentMin data segment_ids num_segments
math.unsorted_segment_prod SegmentProd data segment_ids num_segments
math.unsorted_segment_sum SegmentSum data segment_ids num_segments
math.zero_fraction       ZeroFraction value:x
math.xdivy               Xdivy x:x1 y:x2
math.xlogy               Xlogy x:x1 y:x2
div                      FloorOrTrueDivide x:x1 y:x2
div_no_nan               DivideNoNan x:x1 y:x2
divide                   Divide x:x1 y:x2
floor_div                FloorDivide x:x1 y:x2
log                      Log x
log_sigmoid              LogSigmoid x
realdiv                  Divide x:x1 y:x2
to_float                 ToFloat x
to_int32                 ToInt32 x
to_int64                 ToInt64 x
truncatemod              TruncateMod x:x1 y:x2

bitwise.bitwise_and      BitwiseAnd x y
bitwise.bitwise_or       BitwiseOr x y
bitwise.bitwise_xor      BitwiseXor x y
bitwise.invert           BitwiseInvert x
bitwise.left_shift       LeftShift x y
bitwise.right_shift      RightShift x y

argsort                  Argsort values:x axis=-1 direction stable:-
broadcast_to             BroadcastTo input:x shape
cast                     Cast x dtype
clip_by_norm             ClipByNorm t:x clip_norm axes:axis
clip_by_value            Clip t:x clip_value_min:x_min clip_value_max:x_max
concat                   Concatenate values:xs axis=0
constant                 Array value:x dtype shape:-
convert_to_tensor        ConvertToTensor value:x dtype dtype_hint:- preferred_dtype:-
dtypes.cast              Cast x dtype
dtypes.saturate_cast     SaturateCast value:x dtype
einsum                   Einsum equation:subscripts *inputs:operands
ensure_shape             Copy x shape:-
expand_dims              ExpandDims input:x axis dim:axis
eye                      Eye num_rows num_columns batch_shape dtype=float32
fill                     Fill dims:shape value
floor                    Floor x
gather                   Gather params:x indices validate_indices:- axis batch_dims
gather_nd                GatherNd params:x indices batch_dims bad_indices_policy:-
identity                 Copy input:x
linspace                 Linspace start stop num axis
meshgrid                 Meshgrid *args:x indexing
norm                     VectorNorm tensor:x ord axis keepdims keep_dims:keepdims
one_hot                  OneHot indices:x depth:num_classes on_value off_value axis=-1 dtype
ones                     Ones shape dtype=float32
ones_like                OnesLike input:x dtype tensor:x optimize:-
pad                      Pad tensor:x paddings:pad_width mode constant_values
range                    Arange start limit:stop delta:step dtype
rank                     Ndim input:x
repeat                   Repeat input:x repeats axis
reshape                  Reshape tensor:x shape:newshape
reverse                  Flip tensor:x axis
roll                     Roll input:x shift axis
scatter_nd               Scatter indices updates:values shape bad_indices_policy:-
searchsorted             SearchSorted sorted_sequence values side out_type:-
sequence_mask            SequenceMask lengths maxlen dtype
shape                    Shape input:x out_type
size                     Size input:x out_type:-
slice                    Slice input_:inputs begin:start_indices size:shape
sort                     Sort values:x axis=-1 direction
split                    SplitSizes value num_or_size_splits axis=0 num:-
squeeze                  Squeeze input:x axis squeeze_dims:axis
stack                    Stack values:x axis=0
stop_gradient            StopGradient input:variable
strided_slice            StridedSlice input_:x begin end strides begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask var:-
tensor_scatter_nd_add    ScatterAdd tensor:inputs indices updates bad_indices_policy:-
tensor_scatter_nd_max    ScatterMax tensor:inputs indices updates bad_indices_policy:-
tensor_scatter_nd_min    ScatterMin tensor:inputs indices updates bad_indices_policy:-
tensor_scatter_nd_update ScatterUpdate tensor:inputs indices updates
tensordot                Tensordot a:x1 b:x2 axes
tile                     Tile input:x multiples:repeats
transpose                Transpose a:x perm:axes conjugate:-
unstack                  Unstack value:x num axis=0
where                    ChooseOrFind condition x:x1 y:x2
zeros                    Zeros shape dtype=float32
zeros_like               ZerosLike input:x dtype tensor:x optimize:-

linalg.adjoint           MatrixTranspose matrix:x
linalg.band_part         BandPart input:x num_lower num_upper
linalg.cholesky          Cholesky input:x
linalg.cross             Cross a:x1 b:x2
linalg.det               Det input:x
linalg.diag              DiagonalMatrices diagonal:x k
linalg.diag_part         DiagPart input:x k:offset
linalg.inv               Inv input:x adjoint
linalg.logdet            Logdet matrix:x
linalg.matmul            Matmul a:x1 b:x2 transpose_a transpose_b adjoint_a adjoint_b a_is_sparse:- b_is_sparse:- output_type:- grad_a:- grad_b:-
linalg.matrix_rank       MatrixRank a:x tol validate_args:-
linalg.matrix_transpose  MatrixTranspose a:x conjugate:-
linalg.matvec            Matvec a:x1 b:x2 transpose_a adjoint_a a_is_sparse:- b_is_sparse:-
linalg.norm              VectorNorm tensor:x ord axis keepdims
linalg.pinv              Pinv a:x rcond validate_args:-
linalg.qr                Qr input:x full_matrices
linalg.solve             Solve matrix:a rhs:b adjoint
linalg.svd               SVD tensor:x full_matrices compute_uv
linalg.trace             TraceOfMatrices x
linalg.triangular_solve  SolveTriangular matrix:a rhs:b lower=true adjoint

nn.avg_pool              AveragePool input:inputs ksize:pool_size strides padding data_format value:inputs
nn.avg_pool1d            AveragePool input:inputs ksize:pool_size strides padding data_format
nn.avg_pool2d            AveragePool input:inputs ksize:pool_size strides padding data_format
nn.avg_pool3d            AveragePool input:inputs ksize:pool_size strides padding data_format
nn.batch_normalization   ScaleAndShift x mean variance offset scale variance_epsilon
nn.bias_add              BiasAdd value:x bias data_format
nn.conv1d                Conv input:inputs filters:kernel stride:strides padding data_format dilations:dilation_rate value:inputs
nn.conv2d                Conv input:inputs filters:kernel strides padding data_format dilations:dilation_rate filter:kernel use_cudnn_on_gpu:-
nn.conv3d                Conv input:inputs filters:kernel strides padding data_format dilations:dilation_rate filter:kernel
nn.convolution           Conv input:inputs filters:kernel strides padding data_format dilations:dilation_rate filter:kernel dilation_rate
nn.crelu                 Crelu features:x axis
nn.depth_to_space        DepthToSpace input:x block_size data_format
nn.depthwise_conv2d      DepthwiseConv input:inputs filter:kernel strides padding data_format dilations:dilation_rate rate:dilation_rate
nn.elu                   Elu features:x
nn.embedding_lookup      Gather params:x ids:indices
nn.gelu                  Gelu features:x approximate=false
nn.l2_loss               HalfSquare t:x
nn.l2_normalize          L2Normalize x axis epsilon dim:axis
nn.leaky_relu            LeakyRelu features:x alpha:negative_slope
nn.local_response_normalization LocalResponse input:x depth_radius bias alpha beta
nn.log_softmax           LogSoftmax logits:x axis=-1 dim:axis
nn.lrn                   LocalResponse input:x depth_radius bias alpha beta
nn.max_pool              MaxPool input:inputs ksize:pool_size strides padding data_format value:inputs
nn.max_pool1d            MaxPool input:inputs ksize:pool_size strides padding data_format
nn.max_pool2d            MaxPool input:inputs ksize:pool_size strides padding data_format
nn.max_pool3d            MaxPool input:inputs ksize:pool_size strides padding data_format
nn.moments               Moments x axes shift:- keepdims keep_dims:keepdims
nn.relu                  Relu features:x
nn.relu6                 Relu6 features:x
nn.selu                  Selu features:x
nn.separable_conv2d      SeparableConv input:inputs depthwise_filter:depthwise_kernel pointwise_filter:pointwise_kernel strides padding data_format dilations:dilation_rate rate:dilation_rate
nn.sigmoid_cross_entropy_with_logits SigmoidCrossEntropy labels logits
nn.silu                  Silu features:x beta
nn.softmax               Softmax logits:x axis=-1 dim:axis
nn.softmax_cross_entropy_with_logits SoftmaxCrossEntropy labels logits axis
nn.softmax_cross_entropy_with_logits_v2 SoftmaxCrossEntropy labels logits axis dim:axis
nn.softsign              Softsign features:x
nn.space_to_depth        SpaceToDepth input:x block_size data_format

image.adjust_brightness  AdjustBrightness image:images delta
image.adjust_contrast    AdjustContrast images contrast_factor
image.central_crop       CentralCrop image:images central_fraction
image.convert_image_dtype ConvertImage image:images dtype saturate:-
image.crop_to_bounding_box CropImages image:images offset_height:top_cropping offset_width:left_cropping target_height target_width
image.extract_patches    ExtractPatches images sizes:size strides rates:dilation_rate padding
image.flip_left_right    FlipLeftRight image:images
image.flip_up_down       FlipUpDown image:images
image.grayscale_to_rgb   GrayscaleToRgb images
image.hsv_to_rgb         HSVToRGB images
image.pad_to_bounding_box PadImages image:images offset_height:top_padding offset_width:left_padding target_height target_width
image.per_image_standardization PerImageStandardization image:images
image.resize             ResizeToFloat images size method:interpolation preserve_aspect_ratio antialias
image.resize_bilinear    ResizeOld images size align_corners half_pixel_centers method=bilinear
image.resize_images      ResizeOld images size method align_corners preserve_aspect_ratio:-
image.resize_nearest_neighbor ResizeOld images size align_corners half_pixel_centers method=nearest
image.resize_with_crop_or_pad CropOrPad image:images target_height target_width
image.resize_with_pad    ResizeWithPad image:images target_height target_width method:interpolation antialias
image.rgb_to_grayscale   RGBToGrayscale images
image.rgb_to_hsv         RGBToHSV images
image.rot90              RotateImages image:images k
image.transpose          TransposeImages image:images
image.sobel_edges        SobelEdges image:images

keras.activations.elu    Elu x alpha
keras.activations.exponential Exp x
keras.activations.gelu   Gelu x approximate=false
keras.activations.hard_sigmoid HardSigmoidOld x
keras.activations.linear Copy x
keras.activations.relu   ReluOld x alpha max_value threshold
keras.activations.selu   Selu x
keras.activations.sigmoid Sigmoid x
keras.activations.softmax Softmax x axis=-1
keras.activations.softplus Softplus x
keras.activations.softsign Softsign x
keras.activations.swish  Silu x
keras.activations.tanh   Tanh x
keras.backend.batch_flatten BatchFlatten x

compat.v1.where          ChooseRows condition x:x1 y:x2
`;

/** Other names of the same functions, as older versions of TensorFlow have them. */
const aliases: Record<string, string> = {
  abs: 'math.abs',
  acos: 'math.acos',
  add: 'math.add',
  add_n: 'math.add_n',
  argmax: 'math.argmax',
  argmin: 'math.argmin',
  batch_matmul: 'linalg.matmul',
  cos: 'math.cos',
  cumsum: 'math.cumsum',
  depth_to_space: 'nn.depth_to_space',
  equal: 'math.equal',
  exp: 'math.exp',
  greater: 'math.greater',
  'image.extract_image_patches': 'image.extract_patches',
  less: 'math.less',
  'linalg.einsum': 'einsum',
  'linalg.eye': 'eye',
  'linalg.l2_normalize': 'math.l2_normalize',
  'linalg.tensordot': 'tensordot',
  logical_and: 'math.logical_and',
  logical_not: 'math.logical_not',
  logical_or: 'math.logical_or',
  'manip.roll': 'roll',
  matmul: 'linalg.matmul',
  maximum: 'math.maximum',
  minimum: 'math.minimum',
  multiply: 'math.multiply',
  negative: 'math.negative',
  'nn.sigmoid': 'math.sigmoid',
  'nn.softplus': 'math.softplus',
  'nn.swish': 'nn.silu',
  'nn.tanh': 'math.tanh',
  not_equal: 'math.not_equal',
  pow: 'math.pow',
  reduce_all: 'math.reduce_all',
  reduce_any: 'math.reduce_any',
  reduce_logsumexp: 'math.reduce_logsumexp',
  reduce_max: 'math.reduce_max',
  reduce_mean: 'math.reduce_mean',
  reduce_min: 'math.reduce_min',
  reduce_prod: 'math.reduce_prod',
  reduce_sum: 'math.reduce_sum',
  round: 'math.round',
  rsqrt: 'math.rsqrt',
  sigmoid: 'math.sigmoid',
  sign: 'math.sign',
  sin: 'math.sin',
  space_to_depth: 'nn.space_to_depth',
  sqrt: 'math.sqrt',
  square: 'math.square',
  squared_difference: 'math.squared_difference',
  subtract: 'math.subtract',
  tan: 'math.tan',
  tanh: 'math.tanh',
  truediv: 'math.truediv',
};

/** One parameter of a function. */
export interface Parameter {
  /** What the function calls it. */
  name: string;
  /** What the operation calls it; `-` when it makes no difference. */
  target: string;
  fallback: string | number | boolean | undefined;
  /** Whether it takes all positional arguments that follow. */
  rest: boolean;
}

/** A function as a call of an operation. */
export interface TensorflowFunction {
  operation: string;
  parameters: Parameter[];
}

const literals: Record<string, boolean> = { true: true, false: false };

/** Reads `theirs:ours=default`. */
function parameter(text: string): Parameter {
  const [names = '', given] = text.replace('*', '').split('=');
  const [name = '', target = name] = names.split(':');
  const number = Number(given);
  const fallback = given === undefined ? undefined : (literals[given] ?? (Number.isNaN(number) ? given : number));
  return { name, target, fallback, rest: text.startsWith('*') };
}

/** Reads lines of `name Operation parameter parameter …`. */
export function readTable(text: string): Record<string, TensorflowFunction> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', operation = '', ...parameters] = line.trim().split(/\s+/);
      return [name, { operation, parameters: parameters.map(parameter) }];
    }),
  );
}

const functions = readTable(table);

/** Functions of `tf.` by symbol. */
export const tensorflowFunctions: Record<string, TensorflowFunction> = {
  ...functions,
  ...Object.fromEntries(Object.entries(aliases).map(([alias, name]) => [alias, functions[name]!])),
};
