import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compiled, families, image, infer, lineOf, model, settingsOf, write } from '../helpers/inferred-cards.js';

describe('the scaling of images', () => {
  const expected: Record<string, [scaling: string, reason: RegExp]> = {
    rescaling: ['none', /the model scales them itself, beginning with "rescaling" \(Rescaling\)/],
    rescaling_to_minus_one: ['none', /scales them itself/],
    rescaling_of_unit: ['unit', /"rescaling" \(Rescaling\), is made for numbers from 0 to 1/],
    rescaling_unit_to_pixels: ['unit', /is made for numbers from 0 to 1/],
    rescaling_behind_augmentation: ['none', /"rescaling" \(Rescaling\)/],
    normalization_given: ['none', /"normalization" \(Normalization\)/],
    normalization_given_for_unit: ['unit', /is made for numbers from 0 to 1/],
    normalization_adapted_to_pixels: ['none', /scales them itself/],
    normalization_adapted_to_unit: ['unit', /is made for numbers from 0 to 1/],
    batch_normalization_of_pixels: ['none', /"batch_normalization", has seen numbers from 0 to 255/],
    batch_normalization_of_unit: ['unit', /nothing in the model says otherwise/],
    nothing: ['unit', /nothing in the model says otherwise/],
    whole_numbers: ['none', /takes whole numbers \(uint8\)/],
    preprocess_input_mobilenet_v2: ['none', /"true_divide" \(TrueDivide\)/],
    preprocess_input_mobilenet_v2_keras2_keras: ['none', /"tf\.math\.truediv" \(TFOpLambda\)/],
    preprocess_input_mobilenet_v2_keras2_h5: ['none', /scales them itself/],
    preprocess_input_resnet50: ['none', /"add" \(Add\)/],
    preprocess_input_resnet50_keras2_h5: ['none', /"tf\.nn\.bias_add" \(TFOpLambda\)/],
    preprocess_input_densenet: ['none', /scales them itself/],
    preprocess_input_densenet_keras2_keras: ['none', /scales them itself/],
    preprocess_input_densenet_keras2_h5: ['none', /scales them itself/],
    operators_keras: ['none', /"true_divide" \(TrueDivide\)/],
    operators_of_unit_keras: ['unit', /"multiply" \(Multiply\), is made for numbers from 0 to 1/],
    operators_tf_keras: ['none', /scales them itself/],
    operators_of_unit_tf_keras: ['unit', /is made for numbers from 0 to 1/],
    mobilenet_v2_nested: ['tf', /built on MobileNetV2 of keras\.applications \("mobilenetv2_0\.35_32"\)/],
    mobilenet_v2_nested_keras2: ['tf', /built on MobileNetV2/],
    mobilenet_v2_nested_behind_rescaling: ['none', /"rescaling" \(Rescaling\)/],
    mobilenet_v2_nested_behind_augmentation: ['tf', /built on MobileNetV2/],
    mobilenet_v2_nested_behind_preprocess_input: ['none', /scales them itself/],
    mobilenet_v2_in_sequential: ['tf', /built on MobileNetV2/],
    mobilenet_v2_flattened: ['tf', /built on MobileNetV2/],
    mobilenet_v2_behind_a_convolution: ['unit', /nothing in the model says otherwise/],
    mobilenet_v2_enlarged: ['tf', /built on MobileNetV2/],
    teachable_machine: ['tf', /is built as Teachable Machine builds them/],
    cut_VGG16: ['caffe', /built on VGG /],
    cut_ResNet50: ['caffe', /built on ResNet /],
    cut_ResNet50V2: ['tf', /built on ResNetV2 /],
    cut_InceptionV3: ['tf', /built on InceptionV3 /],
    cut_InceptionResNetV2: ['tf', /built on InceptionResNetV2 /],
    cut_Xception: ['tf', /built on Xception /],
    cut_MobileNet: ['tf', /built on MobileNet /],
    cut_DenseNet121: ['torch', /built on DenseNet /],
    cut_EfficientNetB0: ['none', /"rescaling" \(Rescaling\)/],
    cut_EfficientNetV2B0: ['none', /"rescaling" \(Rescaling\)/],
    cut_ConvNeXtTiny: ['none', /"convnext_tiny_prestem_normalization" \(Normalization\)/],
    cut_NASNetMobile: ['tf', /built on NASNet /],
    cut_MobileNetV3Small: ['none', /"rescaling" \(Rescaling\)/],
    cut_RegNetX002_keras2: ['none', /"regnetx002_prestem_rescaling" \(Rescaling\)/],
    cut_ResNetRS50_keras2: ['none', /"rescaling" \(Rescaling\)/],
    bare_EfficientNetV2B0: ['tf', /built on EfficientNetV2 /],
    bare_ConvNeXtTiny: ['torch', /built on ConvNeXt /],
    bare_MobileNetV3Small: ['tf', /built on MobileNetV3 /],
    sigmoid: ['unit', /nothing in the model says otherwise/],
  };
  // Keras 2 wrote the same architectures.
  for (const name of Object.keys(expected).filter((name) => name.startsWith('cut_') && !name.endsWith('_keras2')))
    expected[`${name}_keras2`] = expected[name]!;

  it('is told for every fixture', () => {
    assert.deepEqual(families[0]!.cases.map(({ name }) => name).sort(), Object.keys(expected).sort());
  });

  for (const [name, [scaling, reason]] of Object.entries(expected)) {
    it(`of ${name} is ${scaling}`, async () => {
      const inferred = await infer(await compiled(name));
      assert.equal(settingsOf(inferred).scaling, scaling);
      const line = lineOf(inferred, 'image.scaling');
      assert.ok(line.includes(`"${scaling}"`), line);
      assert.match(line, reason);
      assert.match(line, /; to change it, write serve\.json: keras-serve card \S+model\.keras$/);
    });
  }

  it("is Teachable Machine's where an ONNX model has its labels", async () => {
    write('labels.txt', '0 Cat\n1 Dog\n');
    const { resize, interpolation, scaling } = settingsOf(await infer(image(2)));
    assert.deepEqual({ resize, interpolation, scaling }, { resize: 'crop', interpolation: 'lanczos', scaling: 'tf' });
    write('labels.txt', 'Cat\nDog\n');
    const plain = await infer(image(2));
    assert.equal(settingsOf(plain).scaling, 'unit');
    assert.match(lineOf(plain, 'image.scaling'), /for an ONNX model does not tell what it was trained on \(a guess\);/);
  });

  it('is none for an ONNX model that takes whole numbers', async () => {
    assert.equal(settingsOf(await infer(image(2, { type: 'uint8' }))).scaling, 'none');
  });

  it('of grey images is not that of a backbone for colours', async () => {
    const hints = { backbone: { family: 'VGG', name: 'vgg16' } } as const;
    const grey = model([null, 224, 224, 1], 3, { hints });
    assert.equal(settingsOf(await infer(grey)).scaling, 'unit');
    assert.equal(settingsOf(await infer(image(3, { hints }))).scaling, 'caffe');
  });
});
