import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type Application, architectureOf, readApplications } from '../../src/applications/application.js';
import { chooseImage } from '../../src/datapoints/images/image-scaling.js';
import { backboneFamily } from '../../src/onnx/backbones.js';

const input = { height: 224, width: 224, channels: 3, channelsFirst: false } as const;

describe('the backbones of keras.applications', () => {
  let applications: Application[];
  before(async () => {
    applications = await readApplications();
  });

  /** The name of an application's model and those of its layers, as Keras wrote them. */
  function namesOf(application: Application): { name: string; layers: string[] } {
    const { config } = JSON.parse(gunzipSync(readFileSync(architectureOf(application))).toString());
    return { name: config.name, layers: config.layers.map((layer: { name: string }) => layer.name) };
  }

  it('are known by the names of their models, and as well by those of their layers', () => {
    for (const application of applications) {
      const { name, layers } = namesOf(application);
      const family = backboneFamily(name, []);
      assert.ok(family, name);
      assert.equal(backboneFamily(`${name}_1`, []), family, name);
      assert.equal(backboneFamily('model', layers), family, name);
    }
  });

  it('have their images prepared as their preprocess_input does it', () => {
    for (const application of applications) {
      const { name } = namesOf(application);
      const backbone = { family: backboneFamily(name, [])!, name };
      const scaling = { className: 'Rescaling', name: 'rescaling' };
      // Those whose preprocess_input does nothing begin with layers that do it.
      const hints = application.scaling === 'none' ? { backbone, scaling } : { backbone };
      const { image } = chooseImage({ input, type: 'float32', hints, numberedLabels: false });
      assert.equal(image.scaling, application.scaling, name);
    }
  });

  it('are not taken for others', () => {
    for (const name of ['my_vgg16', 'vgg1', 'resnet18', 'resnet', 'mobilenet', 'sequential_1', 'model_1', ''])
      assert.equal(backboneFamily(name, ['conv1', 'conv2d', 'stem_conv', 'block1_conv1', 'dense']), undefined, name);
  });
});
