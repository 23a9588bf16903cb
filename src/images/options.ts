/** How the pixels between pixels are worked out, by PIL's names. All but `nearest` average when they shrink. */
export type Interpolation = 'nearest' | 'bilinear' | 'bicubic' | 'lanczos';

/** The channels of a colour image: in this order, in the reverse (alpha stays last), or their luminance in the place of each. */
export type Color = 'rgb' | 'bgr' | 'gray';

/** How an image becomes a tensor. */
export interface ImageOptions {
  /** Height and width of the tensor, in pixels. */
  size: readonly [height: number, width: number];
  /** 1: luminance as PIL's `convert('L')`; 3: RGB, without alpha; 4: RGBA. Default 3. */
  channels?: 1 | 3 | 4;
  /**
   * `stretch` ignores the aspect ratio; `crop` keeps it and cuts the centre out; `pad` keeps it, has the whole picture in the middle
   * and 0 around it, rounded as `tf.image.resize_with_pad`. Default `stretch`, as `load_img`.
   */
  resize?: 'stretch' | 'crop' | 'pad';
  /** With `crop`: the image is scaled until it covers `size / cropFraction`. Over 0, at most 1; default 1. */
  cropFraction?: number;
  /** Default `bicubic`, as PIL's `Image.resize`. */
  interpolation?: Interpolation;
  /**
   * Whether pixels are averaged where there are several for each of the tensor's, as PIL does; OpenCV and `tf.image.resize` don't unless they are
   * told to. Default true.
   */
  antialias?: boolean;
  /** Default `rgb`. With one channel there is grey alone, whatever this says. */
  color?: Color;
  /**
   * Whether dark and light are swapped: 255 − value, alpha apart; of grey that keeps its depth, within the range of its type. `auto`:
   * where the picture's border, one pixel of it as the tensor has it, is lighter on average than the rest. Padding is
   * 0 all the same: who trained on white signs on black wants black around them. Default false.
   */
  invert?: boolean | 'auto';
  /**
   * With one channel: whether grey of 16 or 32 bits keeps its values, as Keras's `load_img(color_mode="grayscale")` has them, in
   * place of their high byte.
   */
  keepDepth?: boolean;
}

/**
 * A decoded image: a dense tensor of shape [height, width, channels], channels in the order R, G, B, alpha unless the options have
 * another. It is float32 where grey of more than 8 bits has kept its values.
 */
export type ImageTensor = {
  shape: [height: number, width: number, channels: number];
  /** How large the image was, in pixels, once it was upright. */
  source: { height: number; width: number };
} & ({ type: 'uint8'; data: Uint8Array } | { type: 'float32'; data: Float32Array });

/** The values of images: 0 to 255, or those of grey of more than 8 bits. */
export type Pixels = ImageTensor['data'];
