import { readTable } from './tensorflow-functions.js';

/**
 * TensorFlow's operations by the name in a NodeDef, as a TensorFlowOpLayer of tf.keras 2.0 to 2.3 holds them: what each is and
 * its inputs in order. Attributes are arguments too, by the names after a `|`.
 *
 * https://www.tensorflow.org/api_docs/python/tf/raw_ops
 */
export const tensorflowNodes = readTable(`
Abs           Absolute x
Acos          Arccos x
Acosh         Arccosh x
Add           Add x1 x2
AddN          AddN *inputs
AddV2         Add x1 x2
All           All x axis | keep_dims:keepdims
Any           Any x axis | keep_dims:keepdims
ArgMax        Argmax x axis | output_type
ArgMin        Argmin x axis | output_type
Asin          Arcsin x
Asinh         Arcsinh x
Atan          Arctan x
Atan2         Arctan2 x1 x2
Atanh         Arctanh x
AvgPool       AveragePool inputs | ksize:pool_size strides padding data_format
AvgPool3D     AveragePool inputs | ksize:pool_size strides padding data_format
BatchMatMul   Matmul x1 x2 | adj_x:adj_a adj_y:adj_b
BatchMatMulV2 Matmul x1 x2 | adj_x:adj_a adj_y:adj_b
BiasAdd       BiasAdd x bias | data_format
BroadcastTo   BroadcastTo x shape
Cast          Cast x | DstT:dtype
Ceil          Ceil x
ClipByValue   Clip x x_min x_max
ConcatV2      ConcatenateLast *values
Conv2D        Conv inputs kernel | strides padding data_format dilations:dilation_rate
Conv3D        Conv inputs kernel | strides padding data_format dilations:dilation_rate
Cos           Cos x
Cosh          Cosh x
Cumprod       Cumprod x axis | exclusive reverse
Cumsum        Cumsum x axis | exclusive reverse
DepthToSpace  DepthToSpace x | block_size data_format
DepthwiseConv2dNative DepthwiseConv inputs kernel | strides padding data_format dilations:dilation_rate
Div           FloorOrTrueDivide x1 x2
DivNoNan      DivideNoNan x1 x2
Einsum        Einsum *operands | equation:subscripts
Elu           Elu x
Equal         Equal x1 x2
Erf           Erf x
Erfc          Erfc x
Exp           Exp x
ExpandDims    ExpandDims x axis
Expm1         Expm1 x
ExtractImagePatches ExtractPatches images | ksizes:size strides rates:dilation_rate padding
Fill          Fill shape value
Floor         Floor x
FloorDiv      FloorDivide x1 x2
FloorMod      Mod x1 x2
Gather        Gather x indices
GatherNd      GatherNd x indices
GatherV2      Gather x indices axis | batch_dims
Greater       Greater x1 x2
GreaterEqual  GreaterEqual x1 x2
HSVToRGB      HSVToRGB images
Identity      Copy x
IsFinite      Isfinite x
IsInf         Isinf x
IsNan         Isnan x
L2Loss        HalfSquare x
LRN           LocalResponse x | depth_radius bias alpha beta
LeakyRelu     LeakyRelu x | alpha:negative_slope
Less          Less x1 x2
LessEqual     LessEqual x1 x2
LinSpace      Linspace start stop num
Log           Log x
Log1p         Log1p x
LogSoftmax    LogSoftmax x
LogicalAnd    LogicalAnd x1 x2
LogicalNot    LogicalNot x
LogicalOr     LogicalOr x1 x2
MatMul        Matmul x1 x2 | transpose_a transpose_b
MatrixBandPart BandPart x num_lower num_upper
MatrixDeterminant Det x
MatrixDiag    DiagonalMatrices x
MatrixDiagPart DiagPart x
Max           Max x axis | keep_dims:keepdims
MaxPool       MaxPool inputs | ksize:pool_size strides padding data_format
MaxPool3D     MaxPool inputs | ksize:pool_size strides padding data_format
Maximum       Maximum x1 x2
Mean          MeanOfFloats x axis | keep_dims:keepdims
Min           Min x axis | keep_dims:keepdims
Minimum       Minimum x1 x2
MirrorPad     Pad x pad_width | mode
Mul           Multiply x1 x2
Neg           Negative x
NotEqual      NotEqual x1 x2
OneHot        OneHot x num_classes on_value off_value | axis T:dtype
OnesLike      OnesLike x
Pack          Stack *x | axis
Pad           Pad x pad_width
PadV2         Pad x pad_width constant_values
Pow           Power x1 x2
Prod          Prod x axis | keep_dims:keepdims
RGBToHSV      RGBToHSV images
Range         Arange start stop step
Rank          Ndim x
RealDiv       Divide x1 x2
Reciprocal    Reciprocal x
Relu          Relu x
Relu6         Relu6 x
Reshape       Reshape x newshape
ResizeBilinear ResizeOld images size | align_corners half_pixel_centers method=bilinear
ResizeNearestNeighbor ResizeOld images size | align_corners half_pixel_centers method=nearest
ReverseV2     Flip x axis
Rint          Round x
Roll          Roll x shift axis
Round         Round x
Rsqrt         Rsqrt x
ScatterNd     Scatter indices values shape
Select        ChooseRows condition x1 x2
SelectV2      Where condition x1 x2
Selu          Selu x
Shape         Shape x | out_type
Sigmoid       Sigmoid x
Sign          Sign x
Sin           Sin x
Sinh          Sinh x
Size          Size x
Slice         Slice inputs start_indices shape
Softmax       Softmax x
Softplus      Softplus x
Softsign      Softsign x
SpaceToDepth  SpaceToDepth x | block_size data_format
Split         SplitSizes axis value | num_split:num_or_size_splits
SplitV        SplitSizes value num_or_size_splits axis
Sqrt          Sqrt x
Square        Square x
SquaredDifference SquaredDifference x1 x2
Squeeze       Squeeze x | squeeze_dims:axis
StopGradient  StopGradient variable
StridedSlice  StridedSlice x begin end strides | begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask
Sub           Subtract x1 x2
Sum           Sum x axis | keep_dims:keepdims
Tan           Tan x
Tanh          Tanh x
TensorScatterUpdate ScatterUpdate inputs indices updates
Tile          Tile x repeats
TopK          TopK x | k
TopKV2        TopK x k
Transpose     Transpose x axes
TruncateMod   TruncateMod x1 x2
Unpack        Unstack x | axis num
Where         ChooseOrFind condition
Xdivy         Xdivy x1 x2
Xlogy         Xlogy x1 x2
ZerosLike     ZerosLike x
`);
