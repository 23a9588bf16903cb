import type { ImageSettings } from '../datapoints/images/image-settings.js';

/**
 * What the owner of a model should know once it is given grey of more than 8 bits: the values are whole, as Keras's
 * `load_img(color_mode="grayscale")` has them, and the scaling may be for others. Undefined where nothing is scaled.
 */
export function greyDepthNotice({ scaling }: Pick<ImageSettings, 'scaling'>): string | undefined {
  if (scaling === 'none') return undefined;
  return (
    'An image of 16-bit grey has come. Its values go to the model whole, up to 65535, as Keras’s load_img has them; the card’s ' +
    `image.scaling, ${JSON.stringify(scaling)}, is applied to them. If the model was trained on values up to 255, send 8-bit images; ` +
    'if on whole ones from 0 to 1, say {"image": {"scaling": {"mean": [0], "std": [65535]}}} in serve.json'
  );
}
