/** What does the same as functions that aren't called, in a model's own code. */
const replacements: Readonly<Record<string, string>> = {
  'backend.batch_dot': 'keras.layers.Dot(axes)([x, y])',
  'backend.dot': 'keras.ops.matmul(x, y)',
  'backend.gather': 'keras.ops.take(x, indices, axis=0)',
  'backend.repeat': 'keras.layers.RepeatVector(n)(x)',
  'backend.repeat_elements': 'keras.ops.repeat(x, n, axis)',
  'backend.resize_images': 'keras.layers.UpSampling2D(size)(x)',
  'backend.spatial_2d_padding': 'keras.layers.ZeroPadding2D(padding)(x)',
  'backend.switch': 'keras.ops.where(condition, x, y)',
  'backend.dropout': 'keras.layers.Dropout(rate)(x)',
  'backend.random_normal': 'keras.layers.GaussianNoise(stddev)(x), which does nothing when a model predicts',
  'ops.shape': 'the sizes themselves, as numbers',
};

/** The line in the place of a function, as the end of a sentence; nothing where none is known. */
export const instead = (path: string): string =>
  Object.hasOwn(replacements, path) ? `: use ${replacements[path]}` : '';
