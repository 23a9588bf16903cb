/** What an operation refuses of its arguments, word for word: the reason is all that the owner of a model has to go by. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Argument, Config } from '../../src/keras/index.js';
import { type Input, layer, layerModel } from '../helpers/layer-model.js';
import { refusalOf } from '../helpers/refusal.js';

/** The reason, the operation with what its constructor takes, its input `x` (and `y`), and its arguments. */
type Refusal = [reason: string, className: string, config: Config, x: Input, args?: Argument[]];

const vector: Input = [null];
const matrix: Input = [null, 4];
const steps: Input = [null, 6, 4];
const image: Input = [null, 6, 6, 3];
const open: Input = [null, null, null, 3];
const volume: Input = [null, 6, 6, 6, 3];
const uncounted: Input = [null, 6, 6, null];
const whole = (shape: (number | null)[]): Input => ({ shape, dtype: 'int32' });
const yes: Input = { shape: [null, 4], dtype: 'bool' };

/** They take a list of tensors, or numbers: `x` is not put in front of their arguments. */
const withoutTensor: ReadonlySet<string> = new Set(['ops.Concatenate', 'ops.Arange', 'ops.FFT', 'ops.ISTFT']);

const stft = (config: Config): Config => ({ sequence_length: 2, sequence_stride: 1, fft_length: 2, ...config });

const scaling = (config: Config, factors: number[], x: Input = image): [string, Config, Input] => [
  'ops.ScaleAndTranslate',
  {
    output_shape: [1, 2, 2, 3],
    spatial_dims: [1, 2],
    method: 'linear',
    scale: factors,
    translation: factors,
    ...config,
  },
  x,
];

const images: Refusal[] = [
  ['its images are of rank 2', 'ops.Resize', { size: [2, 2] }, matrix],
  ['its images are of rank 5', 'ops.Resize', { size: [2, 2] }, volume],
  ['its size should be two numbers', 'ops.Resize', { size: [2] }, image],
  ['its size should be two numbers', 'ops.Resize', { size: [] }, image],
  ['its interpolation is cubic', 'ops.Resize', { size: [2, 2], interpolation: 'cubic' }, image],
  ['its preserve_aspect_ratio is set', 'ops.Resize', { size: [2, 2], preserve_aspect_ratio: true }, image],
  ['its images do not have 3 channels', 'ops.RGBToGrayscale', {}, [null, 6, 6, 4]],
  ['its images do not have 3 channels', 'ops.RGBToHSV', { data_format: 'channels_first' }, [null, 4, 6, 3]],
  ['its images do not have 3 channels', 'ops.HSVToRGB', {}, [null, 3, 6, 6]],
  ['its top and bottom padding are unknown', 'ops.PadImages', { left_padding: 1, right_padding: 1 }, image],
  ['its left and right padding are unknown', 'ops.PadImages', { top_padding: 1, bottom_padding: 1 }, image],
  [
    'its left and right padding are unknown',
    'ops.PadImages',
    { top_padding: 1, target_height: 9, left_padding: 1 },
    image,
  ],
  ['its top cropping is unknown', 'ops.CropImages', { left_cropping: 1, bottom_cropping: 1 }, image],
  ['its left cropping is unknown', 'ops.CropImages', { top_cropping: 1, right_cropping: 1 }, image],
  ['its left cropping is unknown', 'ops.CropImages', { top_cropping: 1, target_width: 1 }, image],
  ['its kernel_size is not of whole numbers up to 256', 'ops.GaussianBlur', { kernel_size: [1.5, 3] }, image],
  ['its images are of rank 2', 'ops.GaussianBlur', { kernel_size: [3, 3], sigma: [1, 1] }, matrix],
];

const windows: Refusal[] = [
  ['its images are of rank 3', 'ops.Unfold', { kernel_size: 2 }, steps],
  ['the number of its channels is unknown', 'ops.Unfold', { kernel_size: 2 }, open],
  ['its kernel_size is not of whole numbers from 1 on', 'ops.Unfold', { kernel_size: 0 }, image],
  ['its padding is not of whole numbers from 0 on', 'ops.Unfold', { kernel_size: 2, padding: -1 }, image],
  ['its dilation is not of whole numbers from 1 on', 'ops.Unfold', { kernel_size: 2, dilation: 0 }, image],
  ['its stride is not of whole numbers from 1 on', 'ops.Unfold', { kernel_size: 2, stride: [1, 0] }, image],
  ['its patches are too large', 'ops.Unfold', { kernel_size: [64, 65] }, [null, 3, 99, 99]],
  ['its window is larger than its images', 'ops.Unfold', { kernel_size: 4 }, image],
  ['its window is larger than its images', 'ops.Unfold', { kernel_size: 2, dilation: 6 }, [null, 3, 6, 6]],
  ['its images are of unknown size', 'ops.Unfold', { kernel_size: 2 }, [null, 3, null, 6]],
  ['its output_size is not of whole numbers from 1 on', 'ops.Fold', { output_size: 0, kernel_size: 2 }, [null, 4, 4]],
  ['its patches are too large', 'ops.ExtractPatches', { size: [64, 65] }, [null, 99, 99, 3]],
  ['its patches are too large', 'ops.ExtractPatches', { size: [64, 64] }, [null, 99, 99, 5]],
  ['the number of its channels is unknown', 'ops.ExtractPatches', { size: [2, 2] }, uncounted],
  ['its strides should be 2 whole numbers', 'ops.ExtractPatches', { size: [2, 2], strides: 0 }, image],
  ['its strides should be 2 whole numbers', 'ops.ExtractPatches', { size: [2, 2], strides: 65537 }, image],
  ['its strides should be 2 whole numbers', 'ops.ExtractPatches', { size: [2, 2], strides: [1, 1.5] }, image],
  ['its strides should be 2 whole numbers', 'ops.ExtractPatches', { size: [2, 2], strides: [1, 1, 1] }, image],
  ['its padding is full', 'ops.ExtractPatches', { size: [2, 2], padding: 'full' }, image],
  ['its input is of rank 2', 'ops.MaxPool', { pool_size: 2 }, matrix],
  ['its pool_size should be 2 whole numbers', 'ops.AveragePool', { pool_size: [2, 2, 2] }, image],
  ['its pool_size should be 1 whole numbers', 'ops.MaxPool', {}, steps],
  ['its output_size should be 2 whole numbers', 'ops.AdaptiveMaxPool', { output_size: 0 }, image],
  ['its block_size is 0', 'ops.DepthToSpace', { block_size: 0 }, image],
  ['its block_size is 2, but an axis has 3', 'ops.DepthToSpace', { block_size: 2 }, image],
  ['its block_size is 4, but an axis has 6', 'ops.SpaceToDepth', { block_size: 4 }, image],
  [
    'its kernel is of rank 2',
    'ops.Conv',
    {},
    steps,
    [
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ],
  [
    'its kernels are not of one rank',
    'ops.SeparableConv',
    {},
    steps,
    [[[[1], [2], [3], [4]]], [[[[1], [2], [3], [4]]]]],
  ],
  ['its vectors are of unknown length', 'ops.Correlate', {}, vector, [[1, 2]]],
  ['its mode is whole', 'ops.Correlate', { mode: 'whole' }, [4], [[1, 2]]],
];

const shapes: Refusal[] = [
  ['its shift should be 2 numbers', 'ops.Roll', { shift: [1, 2, 3], axis: [0, 1] }, matrix],
  ['its repeats are not whole numbers that it can take', 'ops.Repeat', { repeats: [1, 1, 1, 0.5], axis: 1 }, matrix],
  ['its repeats are not whole numbers that it can take', 'ops.Repeat', { repeats: [1, 1, 1, -1], axis: 1 }, matrix],
  ['its repeats are not whole numbers that it can take', 'ops.Repeat', { repeats: [1, 1, 1, 65537], axis: 1 }, matrix],
  ['its pattern is for 3 axes, not 2', 'ops.Rearrange', { pattern: 'a b c -> c b a' }, matrix],
  ['the lengths of b and c are unknown', 'ops.Rearrange', { pattern: 'a (b c) -> a b c' }, matrix],
  ['its pattern names other axes on the right', 'ops.Rearrange', { pattern: 'a b -> a c' }, matrix],
  ['its pattern names other axes on the right', 'ops.Rearrange', { pattern: 'a b -> a' }, matrix],
  ['its newshape should be a shape', 'ops.Reshape', { newshape: ['a'] }, matrix],
  ['the file has no axis for it', 'ops.ExpandDims', {}, matrix],
  ['its axis should be numbers', 'ops.ExpandDims', { axis: 'last' }, matrix],
  ['it takes 3 indices of a tensor of rank 2', 'ops.GetItem', {}, matrix, [[0, 0, 0]]],
  ['it is indexed by something other than whole numbers, slices and None', 'ops.GetItem', {}, matrix, [true]],
  ['it is indexed by something other than whole numbers, slices and None', 'ops.GetItem', {}, matrix, ['x']],
  ['it is indexed by something other than whole numbers, slices and None', 'ops.GetItem', {}, matrix, ['first']],
  ['it has no start for each axis', 'ops.SliceUpdate', {}, matrix, [[0], [[1, 2]]]],
  [
    'it has no start for each axis',
    'ops.SliceUpdate',
    {},
    matrix,
    [
      [0, 0],
      [1, 2],
    ],
  ],
  ['its indices are of rank 1, not of 2', 'ops.TakeAlongAxis', { axis: 1 }, matrix, [[1, 2]]],
  ['its reduction is mean', 'ops.ScatterUpdate', { reduction: 'mean' }, matrix, [[[0, 0]], [1]]],
  ['its shape is not of whole numbers', 'ops.UnravelIndex', { shape: [2, 0] }, whole([null])],
  ['its shape is not of whole numbers', 'ops.UnravelIndex', { shape: [2, 1.5] }, whole([null])],
  ['it splits an axis into no parts', 'ops.Split', { indices_or_sections: 0, axis: 1 }, matrix],
  ['its parts are not equal', 'ops.Split', { indices_or_sections: 3, axis: 1 }, matrix],
  [
    'it splits axis 0, whose size is unknown, at indices that do not rise',
    'ops.Split',
    { indices_or_sections: [2, 1] },
    matrix,
  ],
  [
    'it splits axis 0, whose size is unknown, at indices that do not rise',
    'ops.Split',
    { indices_or_sections: [-1] },
    matrix,
  ],
  ['it takes apart axis 0, whose size is unknown, into no given num', 'ops.Unstack', {}, matrix],
  ['it takes apart an axis of 4097', 'ops.Unstack', { axis: 1 }, [null, 4097]],
  ['its pad_width does not fit its input', 'ops.Pad', { pad_width: [1, 1, 1] }, matrix],
  [
    'its pad_width does not fit its input',
    'ops.Pad',
    {
      pad_width: [
        [1, 1],
        [1, 1],
        [1, 1],
      ],
    },
    matrix,
  ],
  ['its mode is wrap', 'ops.Pad', { pad_width: 1, mode: 'wrap' }, matrix],
  ['its n should be a whole number from 0 to 64', 'ops.Diff', { n: -1 }, matrix],
  ['its indexing is yx', 'ops.Meshgrid', { indexing: 'yx' }, vector],
  ['the file has no xs for it', 'ops.Concatenate', {}, matrix, []],
];

const numbers: Refusal[] = [
  ['it divides whole numbers by 0', 'ops.FloorDivide', {}, whole([null, 4]), [0]],
  ['it divides whole numbers by 0', 'ops.Mod', {}, whole([null, 4]), [0]],
  ['it divides whole numbers by 0', 'ops.Fmod', {}, yes, [false]],
  ['it sums over 3 axes', 'ops.Tensordot', { axes: 3 }, matrix, [[[1, 2]]]],
  ['its axes are not as many of one tensor as of the other', 'ops.Tensordot', { axes: [0, 1, 1] }, matrix, [[[1, 2]]]],
  ['its equation is not one of letters', 'ops.Einsum', { subscripts: 'ab,bc->a1' }, matrix, [[[1]]]],
  ['its vectors are of unknown length', 'ops.Cross', {}, [3, null], [[1, 2, 3]]],
  ['its vectors are not of 2 or 3 elements', 'ops.Cross', {}, matrix, [[1, 2, 3]]],
  [
    'its axis is not the last',
    'ops.SparseCategoricalCrossentropy',
    { axis: 0 },
    whole([4]),
    [
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ],
  ['its k is 0.5', 'ops.Diag', { k: 0.5 }, matrix],
  ['its k is 65537', 'ops.Diag', { k: 65537 }, vector],
  ['its ord is 1, which is none of 3 axes', 'ops.Norm', { ord: 1 }, steps],
  ['it is called with no matrix', 'ops.Logdet', {}, vector],
  ['its q has more than one axis', 'ops.Quantile', {}, matrix, [[[0.5]]]],
  ['its method is middle', 'ops.Percentile', { method: 'middle' }, matrix, [50]],
  ['it has num_segments and is sorted', 'ops.SegmentSum', { num_segments: 2, sorted: true }, vector, [[0, 1]]],
  ['its segment_ids are not a vector', 'ops.SegmentSum', { num_segments: 2 }, matrix, [[[0, 1]]]],
  ['its classes are of unknown number', 'ops.CTCDecode', { strategy: 'beam_search' }, [null, 6, null], [[6]]],
  ['it has no beams, or no classes but the blank', 'ops.CTCDecode', { strategy: 'beam_search' }, [null, 6, 1], [[6]]],
  [
    'its mask_index is -1, with which Keras takes each class twice; use the number of the class',
    'ops.CTCDecode',
    { strategy: 'beam_search', mask_index: -1 },
    steps,
    [[6]],
  ],
  [
    'its mask_index is 9, and it has 4 classes',
    'ops.CTCDecode',
    { strategy: 'beam_search', mask_index: 9 },
    steps,
    [[6]],
  ],
  ['its x is no matrix', 'ops.Pinv', {}, vector],
  ['its x is empty', 'ops.MatrixRank', {}, [null, 0, 2]],
  ['its a and b are no matrices', 'ops.Lstsq', {}, steps, [[1, 2]]],
  ['its strategy is best', 'ops.CTCDecode', { strategy: 'best' }, steps, [[6]]],
  ['its x is no matrix', 'ops.Cholesky', {}, vector],
  ['its arguments are not whole numbers, which Keras refuses', 'ops.Gcd', {}, matrix, [6]],
  ['its elements are bools', 'ops.Unique', {}, yes],
  ['its dtype is "complex64"', 'ops.Cast', { dtype: 'complex64' }, matrix],
  ['its dtype is null', 'ops.Cast', { dtype: 7 }, matrix],
];

/** Of what Keras 3.16 has. */
const next: Refusal[] = [
  ['its n is 0.5, which is no whole number up to 65536', 'ops.MatrixPower', { n: 0.5 }, [null, 2, 2]],
  ['its n is -65537, which is no whole number up to 65536', 'ops.MatrixPower', { n: -65537 }, [null, 2, 2]],
  [
    'its matrices are of int32; make floats of them by keras.ops.cast',
    'ops.MatrixPower',
    { n: 2 },
    whole([null, 2, 2]),
  ],
  ['its x is not square', 'ops.MatrixPower', { n: 2 }, [null, 2, 3]],
  ['its input has 3 axes', 'ops.Cov', {}, steps],
  ['its size is 0,2', 'ops.ReconstructPatches', { size: [0, 2] }, [null, 2, 2, 4]],
  [
    'its patches overlap, which Keras refuses as well',
    'ops.ReconstructPatches',
    { size: 2, strides: 1 },
    [null, 2, 2, 4],
  ],
  ['its patches are of rank 5', 'ops.ReconstructPatches', { size: 2 }, [null, 2, 2, 2, 4]],
  ['its patches of 6 are not of 4 places', 'ops.ReconstructPatches', { size: 2 }, [null, 2, 2, 6]],
  ['the number of its channels is unknown', 'ops.ReconstructPatches', { size: 2 }, [null, 2, 2, null]],
  ['it has no output_size', 'ops.ReconstructPatches', { size: 2, padding: 'same' }, [null, 2, 2, 4]],
  [
    'its output_size is 5 where there are 2 patches of 2',
    'ops.ReconstructPatches',
    { size: 2, padding: 'same', output_size: [4, 5] },
    [null, 2, 2, 4],
  ],
  [
    'its output_size is 3 where there are 2 patches of 2',
    'ops.ReconstructPatches',
    { size: 2, output_size: [3, 4] },
    [null, 2, 2, 4],
  ],
  [
    'it has an output_size, and the number of its patches is unknown',
    'ops.ReconstructPatches',
    { size: 2, output_size: [4, 4] },
    [null, null, 2, 4],
  ],
];

/** A function of TensorFlow in a model of Keras 2. */
const tensorflow = (reason: string, name: string, config: Config, x: Input, args?: Argument[]): Refusal => [
  reason,
  'TFOpLambda',
  { function: name, ...config },
  x,
  args,
];

const functions: Refusal[] = [
  tensorflow('its diagonal is not the main one', 'linalg.diag_part', {}, matrix, [1]),
  tensorflow('its matrices are not known to be square', 'linalg.trace', {}, steps),
  tensorflow('its images are of unknown size', 'image.central_crop', {}, open, [0.5]),
  tensorflow('its images are of unknown size', 'image.per_image_standardization', {}, open),
  tensorflow('its images are of unknown size', 'image.resize_with_crop_or_pad', {}, open, [2, 2]),
  tensorflow('its images are of unknown size', 'image.resize_bilinear', {}, open, [[2, 2]]),
  tensorflow('its size is not known', 'image.resize_bilinear', {}, image, [[0, 2]]),
  tensorflow('its size is not known', 'image.resize_bilinear', {}, image, [[2, 16385]]),
  tensorflow('its size is not known', 'image.resize_bilinear', {}, image, [[2]]),
  tensorflow('its method is not bilinear or nearest', 'image.resize_images', {}, image, [[2, 2], 'area']),
  tensorflow('its method is not bilinear or nearest', 'image.resize_images', {}, image, [[2, 2], 2]),
  tensorflow('it aligns the corners of nearest neighbours', 'image.resize_images', {}, image, [[2, 2], 1, true]),
  tensorflow('its images are not of floats', 'image.adjust_brightness', {}, whole([null, 4, 4, 3]), [0.5]),
  tensorflow('its images are not of floats', 'image.adjust_contrast', {}, whole([null, 4, 4, 3]), [0.5]),
  tensorflow('it makes float32 of int32', 'image.convert_image_dtype', {}, whole([null, 4, 4, 3]), ['float32']),
  tensorflow('it makes uint8 of float32', 'image.convert_image_dtype', {}, image, ['uint8']),
  tensorflow('it divides whole numbers by 0', 'truncatemod', {}, whole([null, 4]), [0]),
  tensorflow('it is the mean of integers', 'math.reduce_mean', {}, whole([null, 4])),
];

const given: Refusal[] = [
  ['the file has no x2 for it', 'ops.Add', {}, matrix, []],
  ['its x2 should be a tensor or numbers', 'ops.Add', {}, matrix, ['other']],
  ['its x2 should be a tensor or numbers', 'ops.Add', {}, matrix, [['other']]],
  ['its k should be a number', 'ops.Diag', { k: 'one' }, matrix],
  ['its pattern should be a string', 'ops.Rearrange', { pattern: 3 }, matrix],
  ['its axis should be numbers', 'ops.Sum', { axis: ['last'] }, matrix],
  ['its newshape should be a shape of known length', 'ops.Reshape', {}, matrix, ['x']],
  ['its xs should be a list of tensors', 'ops.Concatenate', {}, matrix, [[]]],
  ['its xs should be a tensor or numbers', 'ops.Concatenate', {}, matrix, [['other']]],
  ['its x is empty', 'ops.Cholesky', {}, [null, 0, 0]],
  ['its depthwise_kernel is of rank 2', 'ops.SeparableConv', {}, steps, [[[1]], [[1]]]],
];

/** Of what is rarely met. */
const rarely: Refusal[] = [
  [
    'its least value is above the greatest, of which each backend of Keras makes another thing',
    'ops.Clip',
    { x_min: 2, x_max: 1 },
    matrix,
  ],
  ['it does not have a choice for each condition', 'ops.Select', {}, matrix, [['x', 'x']]],
  ['it counts more than 1048576 numbers', 'ops.Arange', {}, matrix, [2 ** 20 + 1]],
  [
    'its b does not have a row for each row of a, and a batch of the same size',
    'ops.Solve',
    {},
    [2, 2],
    [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ],
  ],
  ['it is called with several matrices, which fails with TensorFlow', 'ops.LuFactor', {}, [3, 2, 2]],
  ['its matrix is of unknown size', 'ops.Qr', {}, matrix],
  ['its matrix is of unknown size', 'ops.Qr', {}, vector],
  ['its sequence_length should be a whole number up to 65536', 'ops.STFT', stft({ sequence_length: 65537 }), matrix],
  ['its sequence_length should be a whole number up to 65536', 'ops.STFT', stft({ sequence_length: 0.5 }), matrix],
  ['its fft_length should be a whole number up to 65536', 'ops.STFT', stft({ fft_length: 65537 }), matrix],
  ['its sequence_stride should be a whole number up to 1048576', 'ops.STFT', stft({ sequence_stride: 0 }), matrix],
  ['its fft_length is below its sequence_length', 'ops.STFT', stft({ sequence_length: 3 }), matrix],
  ['its window is kaiser', 'ops.STFT', stft({ window: 'kaiser' }), matrix],
  ['it is called with one number', 'ops.Argpartition', { kth: 0, axis: null }, []],
  ['its filter_size is no whole number up to 256', 'ops.SSIM', { filter_size: 0 }, image, ['x']],
  ['its filter_size is no whole number up to 256', 'ops.SSIM', { filter_size: 2.5 }, image, ['x']],
  ['its filter_size is no whole number up to 256', 'ops.SSIM', { filter_size: 257 }, image, ['x']],
  [
    'which way singular vectors point is left to chance; call it with compute_uv=False, which gives the values alone, or use keras.ops.pinv or keras.ops.lstsq',
    'ops.SVD',
    {},
    [null, 2, 2],
  ],
  ['it has an argument that is not known, speed', 'ops.Relu', { speed: 2 }, matrix],
  [
    'it reads float32 as int32: ONNX has no way to read the bits of a float before opset 26',
    'ops.View',
    { dtype: 'int32' },
    matrix,
  ],
  [
    'it reads int32 as float32: ONNX has no way to read the bits of a float before opset 26',
    'ops.View',
    { dtype: 'float32' },
    whole([null, 4]),
  ],
  ['it is called with one number, of which it would make several', 'ops.View', { dtype: 'int8' }, whole([])],
  ['its last axis is not known to be a multiple of 2', 'ops.View', { dtype: 'int64' }, whole([null, 3])],
  ['its last axis is not known to be a multiple of 2', 'ops.View', { dtype: 'int64' }, whole([2, null])],
  ['its input is not a pair of real and imaginary parts', 'ops.FFT', {}, matrix, []],
  ['its input is not a pair of real and imaginary parts', 'ops.FFT', {}, matrix, [['x', 'x', 'x']]],
  ['its sequence_stride is too small', 'ops.ISTFT', stft({ fft_length: 257 }), steps, [['x', 'x']]],
  ['its fft_length is 1', 'ops.ISTFT', stft({ sequence_length: 1, fft_length: 1 }), steps, [['x', 'x']]],
  ['its coordinates are whole numbers; order 1 is for floats', 'ops.MapCoordinates', { order: 1 }, whole([4]), [['x']]],
  [
    'its images are no floats, for which Keras itself fails; cast them to float32 first',
    ...scaling({}, [1, 1], whole([null, 4, 4, 3])),
  ],
  ['its output_shape should have 4 sizes', ...scaling({ output_shape: [2, 2] }, [1, 1])],
  ["its spatial_dims are more than its images' 4 axes", ...scaling({ spatial_dims: [1, 2, 1, 2, 1] }, [1, 1])],
  [
    'its output_shape should have a size for each of the spatial_dims',
    ...scaling({ output_shape: [1, -1, 2, 3] }, [1, 1]),
  ],
  ['its scale and translation should have a number for each of its spatial_dims', ...scaling({}, [1])],
  ['its method is sinc', ...scaling({ method: 'sinc' }, [1, 1])],
  ['it is indexed by several tensors at once', 'ops.GetItem', {}, whole([4, 4]), [['x', 'x']]],
  ['its kernel is of rank 2', 'ops.Conv', {}, steps, [[[1]]]],
  tensorflow('it has a batch_shape', 'eye', {}, [2, 2], [2, [3]]),
  tensorflow('its indices have a last axis of unknown size', 'gather_nd', {}, whole([null, null]), ['x']),
  tensorflow('its batch_dims is 3', 'gather', {}, matrix, [[[0]], null, null, 3]),
  tensorflow('its batch_dims is 0.5', 'gather', {}, matrix, [[[0]], null, null, 0.5]),
  tensorflow('it has 3 arguments of which 2 are known', 'math.maximum', {}, matrix, [1, 2]),
];

for (const [what, refusals] of Object.entries({ images, windows, shapes, numbers, next, functions, given, rarely }))
  describe(`refusals of ${what}`, () => {
    refusals.forEach((refusal, index) => {
      const [reason, className, config, x, args = []] = refusal;
      it(`${className} ${JSON.stringify(config)}: ${reason} (${index})`, () => {
        const all = withoutTensor.has(className) ? args : ['x', ...args];
        assert.equal(refusalOf(layerModel(layer(className, config), { x }, { args: all })), reason);
      });
    });
  });
