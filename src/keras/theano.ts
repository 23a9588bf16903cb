import type { Config, ConfigValue } from './model.js';

const numbers = (value: ConfigValue | undefined, axes: number): number[] =>
  Array.isArray(value) ? value.map(Number) : Array.from({ length: axes }, () => Number(value ?? 1));

/** Zeros before and after each axis; a number below zero cuts that much off. */
type Sides = [before: number, after: number][];

/**
 * Theano's `same` is not TensorFlow's: it pads by half the kernel on either side, whatever the stride leaves over. So a
 * convolution that ran on Theano is a padding and a `valid` convolution, in a Sequential.
 *
 * @returns undefined for other layers, and where there is no difference
 */
export function fromTheano(className: string, config: Config): Config | undefined {
  const axes = Number(/^Conv([123])D(Transpose)?$/.exec(className)?.[1] ?? 0);
  if (axes === 0 || config.padding !== 'same') return undefined;
  const strides = numbers(config.strides, axes);
  const dilation = numbers(config.dilation_rate, axes);
  const kernel = numbers(config.kernel_size, axes).map((size, axis) => (size - 1) * dilation[axis]! + 1);
  const transposed = className.endsWith('Transpose');
  const unlike = kernel.some((size, axis) => size % 2 === 0 || strides[axis]! > 1);
  if (!unlike) return undefined;
  const { batch_input_shape: shape, name, ...rest } = config;
  const first: Config = shape === undefined ? {} : { batch_input_shape: shape };
  const convolution = (more: Config): Config => ({
    class_name: className,
    config: { ...rest, ...more, name: name!, padding: 'valid' },
  });
  const side = (kind: string, sides: Sides, more: Config): Config => ({
    class_name: `${kind}${axes}D`,
    config: {
      ...more,
      name: `${name}_${kind === 'Cropping' ? 'cropping' : 'padding'}`,
      data_format: config.data_format ?? 'channels_last',
      [kind === 'Cropping' ? 'cropping' : 'padding']: axes === 1 ? sides[0]! : sides,
    },
  });
  const layers = transposed
    ? [
        convolution(first),
        side(
          'Cropping',
          kernel.map((size, axis) => [Math.floor(size / 2), Math.max(0, Math.ceil(size / 2) - strides[axis]!)]),
          {},
        ),
      ]
    : [
        side(
          'ZeroPadding',
          kernel.map((size) => [Math.floor(size / 2), Math.floor((size - 1) / 2)]),
          first,
        ),
        convolution({}),
      ];
  return { class_name: 'Sequential', config: { name: name!, layers } };
}

/** Whether a layer is a pooling whose `same` is Theano's own: what it pads with is no number. */
export const poolsAsTheano = (className: string, { padding }: Config): boolean =>
  /Pooling[123]D$/.test(className) && padding === 'same';
