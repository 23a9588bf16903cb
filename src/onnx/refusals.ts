const calls = 'it calls a Python function, which is never run; ';
const matrices =
  'ONNX has no operator for it; work out a constant matrix before the model is saved, any other outside of the model';
const segments = 'it makes groups of rows, which are not taken apart; ';
const complex = 'ONNX has no complex numbers; keep real and imaginary parts as two tensors';
const base = 'it is a base class, which computes nothing; use a layer that is made of it';
const foreign = 'which is never run; rewrite it with built-in layers';

/**
 * Why a public layer or operation of Keras is refused, and what to do instead, by the name of its class. What is in the
 * compiler's tables is not here, and what is in neither `npm run conformance:catalogue` reports.
 */
export const refusals: Readonly<Record<string, string>> = {
  FlaxLayer: `it holds code of Flax, ${foreign}`,
  JaxLayer: `it holds code of JAX, ${foreign}`,
  Lambda: 'it holds Python code, which is never run; rewrite it with built-in layers or keras.ops',
  Layer: base,
  TFSMLayer: 'it runs a SavedModel from elsewhere; serve that SavedModel itself, or rebuild it with built-in layers',
  TorchModuleWrapper: `it holds code of PyTorch, ${foreign}`,
  Wrapper: base,
  'ops.Argpartition': 'the order of its indices is not defined; use keras.ops.argsort or keras.ops.top_k',
  'ops.AssociativeScan': `${calls}use keras.ops.cumsum or keras.ops.cumprod, or a recurrent layer`,
  'ops.CTCDecode': 'it searches for texts; end the model before it, and decode what the model gives in your program',
  'ops.CTCLoss': 'it is a loss for training; end the model before it',
  'ops.Cholesky': matrices,
  'ops.CholeskyInverse': matrices,
  'ops.Cond': `${calls}compute both ways, and choose by keras.ops.where`,
  'ops.Eig': matrices,
  'ops.Eigh': matrices,
  'ops.ElasticTransform':
    'it distorts images at random, at inference too; leave it out, or use the layer RandomElasticTransform, which does so in training alone',
  'ops.ForiLoop': `${calls}write the steps one after the other, or use a recurrent layer`,
  'ops.Gcd': 'ONNX has no operator for it; work it out outside of the model',
  'ops.Histogram': 'its bins depend on all the values; use keras.ops.digitize with fixed bins, and keras.ops.bincount',
  'ops.ISTFT':
    'frames that overlap are not put together; end the model with the spectrum, and invert it in your program',
  'ops.Inv': matrices,
  'ops.JVP': `${calls}write the derivative with keras.ops`,
  'ops.Lcm': 'ONNX has no operator for it; work it out outside of the model',
  'ops.Lstsq': matrices,
  'ops.LuFactor': matrices,
  'ops.Map': `${calls}call the functions on the whole tensor, or use the layer TimeDistributed`,
  'ops.MatrixRank': matrices,
  'ops.Nextafter': 'ONNX has no operator for the bits of numbers; add a small number instead',
  'ops.Pinv': matrices,
  'ops.Polar': complex,
  'ops.Qr': matrices,
  'ops.SVD': matrices,
  'ops.Scan': `${calls}use a recurrent layer`,
  'ops.SegmentMax': `${segments}work out the extremes of groups outside of the model`,
  'ops.SegmentMin': `${segments}work out the extremes of groups outside of the model`,
  'ops.SegmentProd': `${segments}work out the products of groups outside of the model`,
  'ops.SegmentSum': `${segments}multiply by keras.ops.one_hot of the segments instead`,
  'ops.Solve': matrices,
  'ops.SolveTriangular': matrices,
  'ops.Switch': `${calls}compute all ways, and choose by keras.ops.where`,
  'ops.Unique': 'how many values it gives depends on the values; end the model before it',
  'ops.VectorizedMap': `${calls}call the functions on the whole tensor, or use the layer TimeDistributed`,
  'ops.View': 'ONNX reads no bits as another type; use keras.ops.cast where the numbers are meant',
  'ops.ViewAsComplex': complex,
  'ops.ViewAsReal': complex,
  'ops.WhileLoop': `${calls}write the steps one after the other, or use a recurrent layer`,
};

/** The same for activations, by their names. */
export const refusedActivations: Readonly<Record<string, string>> = {
  threshold: 'its name does not say the threshold; call keras.ops.threshold with it',
};
