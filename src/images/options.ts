/** How the pixels between pixels are worked out, by PIL's names. All but `nearest` average when they shrink. */
export type Interpolation = 'nearest' | 'bilinear' | 'bicubic' | 'lanczos';

/** How an image becomes a tensor. */
export interface ImageOptions {
  /** Height and width of the tensor, in pixels. */
  size: readonly [height: number, width: number];
  /** 1: luminance as PIL's `convert('L')`; 3: RGB, without alpha; 4: RGBA. Default 3. */
  channels?: 1 | 3 | 4;
  /**
   * `stretch` ignores the aspect ratio; `crop` keeps it and cuts the centre out. Default `stretch`, as `load_img`.
   */
  resize?: 'stretch' | 'crop';
  /** With `crop`: the image is scaled until it covers `size / cropFraction`. Over 0, at most 1; default 1. */
  cropFraction?: number;
  /** Default `bicubic`, as PIL's `Image.resize`. */
  interpolation?: Interpolation;
  /**
   * With one channel: whether grey of 16 or 32 bits keeps its values, as Keras's `load_img(color_mode="grayscale")` has them, in
   * place of their high byte.
   */
  keepDepth?: boolean;
}

/**
 * A decoded image: a dense tensor of shape [height, width, channels], channels in the order R, G, B, alpha. It is float32 where
 * grey of more than 8 bits has kept its values.
 */
export type ImageTensor = { shape: [height: number, width: number, channels: number] } & (
  | { type: 'uint8'; data: Uint8Array }
  | { type: 'float32'; data: Float32Array }
);

/** The values of images: 0 to 255, or those of grey of more than 8 bits. */
export type Pixels = ImageTensor['data'];
