import { type CallArgument, type LayerCall, type LayerHandler, tensorsIn } from '../context.js';
import { Value } from '../graph.js';
import {
  pad,
  reshape,
  type Size,
  sizeDifference,
  sizeMax,
  sizeOf,
  sizesOf,
  slice,
  toFloat,
} from '../operators/index.js';

/** Bounding boxes of images, (…, boxes, 4), and their labels, (…, boxes). */
export interface Boxes {
  boxes: Value;
  labels: Value;
}

/** What Keras's layers take beside images. */
export interface ImageData {
  images: Value;
  labels?: Value;
  segmentation_masks?: Value;
  bounding_boxes?: Boxes;
}

const isDictionary = (data: CallArgument | undefined): data is { [key: string]: CallArgument } =>
  data !== null && typeof data === 'object' && !(data instanceof Value) && !Array.isArray(data);

/** Whether each of the names stands for a tensor, and none beside them for anything. */
const hasTensors = (
  data: { [key: string]: CallArgument },
  names: readonly string[],
  optional: readonly string[] = [],
) =>
  names.every((name) => name in data) &&
  Object.entries(data).every(([key, value]) => [...names, ...optional].includes(key) && value instanceof Value);

/** A dictionary as Keras's layers take it; undefined where it holds something else. */
function imageData(data: CallArgument | undefined): ImageData | undefined {
  if (!isDictionary(data)) return undefined;
  const { bounding_boxes: boxes, ...tensors } = data;
  const fits =
    hasTensors(tensors, ['images'], ['labels', 'segmentation_masks']) &&
    (boxes === undefined || (isDictionary(boxes) && hasTensors(boxes, ['boxes', 'labels'])));
  return fits ? (data as unknown as ImageData) : undefined;
}

/** What a layer makes of what stands beside images at inference. What is not here stays as it is. */
export interface Beside {
  masks?(masks: Value, call: LayerCall): Value;
  boxes?(boxes: Boxes, images: Value, call: LayerCall): Boxes;
}

/**
 * A layer's handler of images as one of dictionaries, too. Boxes become floats, whatever is done to them.
 * @returns the tensors in Keras's order, that of the sorted names
 */
export const ofImages =
  (handler: LayerHandler, { masks, boxes }: Beside = {}): LayerHandler =>
  (inputs, call) => {
    if (inputs.length === 1) return handler(inputs, call);
    const data = imageData(call.argument('inputs'));
    if (!data)
      return call.unsupported('it is given other tensors than images, labels, segmentation_masks and bounding_boxes');
    const given = data.bounding_boxes && { ...data.bounding_boxes, boxes: toFloat(data.bounding_boxes.boxes) };
    const found = {
      ...data,
      images: handler([data.images], call) as Value,
      ...(given && { bounding_boxes: boxes ? boxes(given, data.images, call) : given }),
      ...(data.segmentation_masks && masks && { segmentation_masks: masks(data.segmentation_masks, call) }),
    };
    return tensorsIn(found as unknown as CallArgument);
  };

/** Refuses what is beside images, for a layer that Keras itself can't give it to. */
export const ofImagesAlone =
  (handler: LayerHandler): LayerHandler =>
  (inputs, call) =>
    inputs.length === 1
      ? handler(inputs, call)
      : call.unsupported('it is given labels, bounding boxes or masks beside images; call it on the images alone');

/** So many boxes: the first ones, and -1 for those that there are not, or what the config says: that of Keras 3.16 does. */
export function boundedBoxes({ boxes, labels }: Boxes, _: Value, { config }: LayerCall): Boxes {
  const count = config.integer('max_number', undefined, 0);
  const bounded = (x: Value, axis: number) => {
    const first = slice(x, [{ axis, end: count }]);
    const missing = sizeMax(sizeDifference(count, sizeOf(x, axis)), 0);
    const filled = pad(
      first,
      x.shape.map((_, at): [Size, Size] => [0, at === axis ? missing : 0]),
      'constant',
      config.number('fill_value', -1),
    );
    return reshape(filled, sizesOf(filled).with(axis, count));
  };
  return { boxes: bounded(boxes, boxes.rank - 2), labels: bounded(labels, labels.rank - 1) };
}
