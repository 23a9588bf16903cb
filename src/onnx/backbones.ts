/** The families of keras.applications: the members of each prepare their images in the same way. */
export type BackboneFamily =
  | 'VGG'
  | 'DenseNet'
  | 'ResNetV2'
  | 'ResNet'
  | 'ResNetRS'
  | 'RegNet'
  | 'InceptionResNetV2'
  | 'InceptionV3'
  | 'Xception'
  | 'MobileNetV3'
  | 'MobileNetV2'
  | 'MobileNet'
  | 'NASNet'
  | 'EfficientNet'
  | 'EfficientNetV2'
  | 'ConvNeXt';

/** By what a family is recognised. */
interface Marks {
  /** The names that Keras gives its models. */
  model: RegExp;
  /** Names of layers near its beginning, all of which it has, whatever its model is called. */
  layers: RegExp[];
}

/**
 * As keras/src/applications/ has them, and Keras 1 and 2 before it; with names of layers that some families share, the first
 * family is meant.
 */
const families: Record<BackboneFamily, Marks> = {
  VGG: { model: /^vgg(16|19)$/, layers: [/^block1_conv2$/, /^block1_pool$/, /^block2_conv2$/] },
  DenseNet: { model: /^densenet\d{3}$/, layers: [/^conv1[/_]conv$/, /^conv2_block1_0_bn$/, /^conv2_block1_concat$/] },
  ResNetV2: { model: /^resnet(50|101|152)v2$/, layers: [/^conv1_conv$/, /^conv2_block1_preact_bn$/] },
  ResNet: {
    model: /^resnet(50|101|152)$/,
    layers: [/^conv1(_conv)?$/, /^(conv1_bn|bn_conv1)$/, /^(conv2_block1_1_conv|res2a_branch2a)$/],
  },
  ResNetRS: { model: /^resnet-rs-\d+$/, layers: [/^stem_\d+_stem_conv_1$/, /^BlockGroup2__block_0_/] },
  RegNet: { model: /^regnet[xy]\d{3}$/, layers: [/^regnet[xy]\d{3}_stem_conv$/] },
  InceptionResNetV2: { model: /^inception_resnet_v2$/, layers: [/^mixed_5b$/, /^block35_1(_mixed)?$/] },
  InceptionV3: { model: /^inception_v3$/, layers: [/^mixed0$/, /^mixed1$/] },
  Xception: { model: /^xception$/, layers: [/^block1_conv1$/, /^block2_sepconv1$/] },
  MobileNetV3: { model: /^mobilenetv3(small|large)$/i, layers: [/^conv$/i, /^expanded_conv[/_]project$/] },
  MobileNetV2: {
    model: /^mobilenetv2_\d\.\d+_\w+$/,
    layers: [/^Conv1$/, /^(expanded_conv_depthwise|mobl0_conv_0_depthwise)$/],
  },
  MobileNet: { model: /^mobilenet_\d\.\d+_\w+$/, layers: [/^conv1$/, /^conv_dw_1$/, /^conv_pw_1$/] },
  NASNet: { model: /^(NASNet|nasnet_mobile|nasnet_large)$/, layers: [/^stem_conv1$/, /^reduction_conv_1_stem_1$/] },
  EfficientNet: { model: /^efficientnet-?b[0-7]$/, layers: [/^stem_conv$/, /^block1a_dwconv$/] },
  EfficientNetV2: { model: /^efficientnetv2-(b[0-3]|s|m|l)$/, layers: [/^stem_conv$/, /^block1a_project_conv$/] },
  ConvNeXt: {
    model: /^convnext_(tiny|small|base|large|xlarge)$/,
    layers: [/^convnext_\w+_stage_0_block_0_depthwise_conv$/],
  },
};

/** All of them. */
export const backboneFamilies = Object.keys(families) as BackboneFamily[];

const entries = Object.entries(families) as [BackboneFamily, Marks][];

/**
 * The family of keras.applications that a model is of, by its name or else those of its layers: in models that somebody built
 * on the layers of such a one, these have kept theirs.
 */
export function backboneFamily(name: string, layers: readonly string[]): BackboneFamily | undefined {
  const named = entries.find(([, marks]) => marks.model.test(name.replace(/(?<=\D\d*)_\d$/, '')));
  const known =
    named ?? entries.find(([, marks]) => marks.layers.every((mark) => layers.some((one) => mark.test(one))));
  return known?.[0];
}
