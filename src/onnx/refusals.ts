const calls = 'it calls a Python function, which is never run; ';
const apart = 'compute it before the model is saved, or outside of the model';
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
  Layer: base,
  TFSMLayer: 'it runs a SavedModel from elsewhere; serve that SavedModel itself, or rebuild it with built-in layers',
  TorchModuleWrapper: `it holds code of PyTorch, ${foreign}`,
  Wrapper: base,
  'ops.AssociativeScan': `${calls}use keras.ops.cumsum or keras.ops.cumprod, or a recurrent layer`,
  'ops.Cond': `${calls}compute both ways, and choose by keras.ops.where`,
  'ops.Eig': `it gives complex numbers, which ONNX has not; ${apart}`,
  'ops.Eigh': `which way eigenvectors point is left to chance; ${apart}`,
  'ops.ElasticTransform':
    'it distorts images at random, at inference too; leave it out, or use the layer RandomElasticTransform, which does so in training alone',
  'ops.ForiLoop': `${calls}write the steps one after the other, or use a recurrent layer`,
  'ops.Histogram': 'its bins depend on all the values; use keras.ops.digitize with fixed bins, and keras.ops.bincount',
  'ops.JVP': `${calls}write the derivative with keras.ops`,
  'ops.Map': `${calls}call the functions on the whole tensor, or use the layer TimeDistributed`,
  'ops.Polar': complex,
  'ops.Scan': `${calls}use a recurrent layer`,
  'ops.Switch': `${calls}compute all ways, and choose by keras.ops.where`,
  'ops.VectorizedMap': `${calls}call the functions on the whole tensor, or use the layer TimeDistributed`,
  'ops.ViewAsComplex': complex,
  'ops.ViewAsReal': complex,
  'ops.WhileLoop': `${calls}write the steps one after the other, or use a recurrent layer`,
};

/** The same for what Keras 3.16 has and no released version yet. */
export const refusalsToCome: Readonly<Record<string, string>> = {
  'ops.Gammainc': `the incomplete gamma function is a series whose length depends on its values, and ONNX has none; ${apart}`,
};

/** The same for activations, by their names. */
export const refusedActivations: Readonly<Record<string, string>> = {
  threshold: 'its name does not say the threshold; call keras.ops.threshold with it',
};
