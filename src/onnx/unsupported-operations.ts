const iterative = (what: string) =>
  `it needs ${what}, which are approached step by step until they are exact; ONNX has no operator for that. Compute it before ` +
  'the model or after it';
const singularValues = iterative('singular values');
const eigenvalues = iterative('eigenvalues');
const complex =
  'its complex numbers are a type that ONNX Runtime does not have; keep real and imaginary parts as two tensors, as keras.ops.fft does';
const pythonFunction =
  'it calls a Python function, which is never run; write what the function does with built-in layers or keras.ops';

/** Why an operation of Keras is refused, by the name of its class, where more is known than that it is not supported. */
export const unsupportedOperations: Readonly<Record<string, string>> = {
  'ops.SVD': singularValues,
  'ops.Pinv': singularValues,
  'ops.Lstsq': singularValues,
  'ops.MatrixRank': singularValues,
  'ops.Eig': eigenvalues,
  'ops.Eigh': eigenvalues,
  'ops.Polar': complex,
  'ops.ViewAsComplex': complex,
  'ops.ViewAsReal': complex,
  'ops.AssociativeScan': pythonFunction,
  'ops.Cond': pythonFunction,
  'ops.ForiLoop': pythonFunction,
  'ops.Map': pythonFunction,
  'ops.Scan': pythonFunction,
  'ops.Switch': pythonFunction,
  'ops.VectorizedMap': pythonFunction,
  'ops.WhileLoop': pythonFunction,
  'ops.JVP': pythonFunction,
  'ops.CTCLoss': 'it computes a loss, which is for training; save the model without it',
  'ops.Histogram': 'Keras 3.15 itself fails to run it in a model; count with keras.ops.digitize and keras.ops.bincount',
};
