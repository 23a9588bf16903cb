/** What is said of Keras Applications, and where their weights are found. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  type Application,
  architectureOf,
  cardOf,
  findApplication,
  readApplications,
  servedName,
  similarApplications,
} from '../../../src/applications/application.js';
import { kerasFolders } from '../../../src/applications/keras-home.js';
import { findWeights, urlOf, WeightsError } from '../../../src/applications/weights.js';
import { parseCard } from '../../../src/cards/card.js';
import { findModel } from '../../../src/catalog/find-model.js';
import { readKerasModel } from '../../../src/keras/index.js';
import { startFileServer } from '../../helpers/file-server.js';

const root = mkdtempSync(join(tmpdir(), 'keras-serve-applications-'));
after(() => rmSync(root, { recursive: true }));

const applications = await readApplications();
const find = (name: string): Application => findApplication(name, applications)!;
const md5 = (content: string | Buffer): string => createHash('md5').update(content).digest('hex');

describe('Keras Applications', () => {
  it('are all there, with architectures that can be read', async () => {
    assert.equal(applications.length, 40);
    for (const application of applications)
      await assert.rejects(
        readKerasModel(architectureOf(application)),
        { code: 'model_weights_missing' },
        application.name,
      );
  });

  it('are found by the names that people type', () => {
    const names: [typed: string, name: string][] = [
      ['resnet50', 'ResNet50'],
      ['ResNet50', 'ResNet50'],
      ['resnet50_v2', 'ResNet50V2'],
      ['MobileNetV2', 'MobileNetV2'],
      ['mobilenet_v2', 'MobileNetV2'],
      ['mobilenet-v3-small', 'MobileNetV3Small'],
      ['inception_resnet_v2', 'InceptionResNetV2'],
      ['efficientnet-b0', 'EfficientNetB0'],
      ['efficientnetv2-b0', 'EfficientNetV2B0'],
      ['NASNET_MOBILE', 'NASNetMobile'],
      ['convnext_xlarge', 'ConvNeXtXLarge'],
    ];
    for (const [typed, name] of names) assert.equal(findApplication(typed, applications)?.name, name, typed);
    for (const typed of ['', 'resnet', 'resnet50.h5', './resnet50', 'resnet 50'])
      assert.equal(findApplication(typed, applications), undefined, typed);
  });

  it('are proposed for names that are nearly theirs', () => {
    const proposed = (name: string) => similarApplications(name, applications).map(servedName);
    assert.deepEqual(proposed('resnet5'), ['resnet50', 'resnet50v2', 'resnet152']);
    assert.deepEqual(proposed('vgg'), ['vgg16', 'vgg19']);
    assert.deepEqual(proposed('exception'), ['xception']);
    assert.deepEqual(proposed('model'), []);
    assert.deepEqual(proposed('x'.repeat(100_000)), []);
  });

  it("have cards with their preprocessing, and ImageNet's labels as Keras publishes them", async () => {
    const scalings: Record<string, string> = {
      resnet50: 'caffe',
      vgg16: 'caffe',
      resnet50v2: 'tf',
      inceptionv3: 'tf',
      nasnetmobile: 'tf',
      densenet121: 'torch',
      efficientnetb0: 'none',
      mobilenetv3large: 'none',
      convnexttiny: 'none',
    };
    for (const [name, scaling] of Object.entries(scalings)) assert.equal(find(name).scaling, scaling, name);
    for (const application of applications) {
      const card = parseCard(JSON.stringify(await cardOf(application)));
      assert.deepEqual(card.image, { size: application.size, scaling: application.scaling });
      assert.equal(card.labels!.length, 1000);
    }
    assert.deepEqual(find('inception_v3').size, [299, 299]);
    const { labels } = await cardOf(find('resnet50'));
    assert.deepEqual(labels![162], ['n02088364', 'beagle']);
    // The hash in keras/src/applications/imagenet_utils.py; json.dumps has a space behind commas and colons.
    const index = labels!.map((label, number) => `"${number}": ["${(label as string[]).join('", "')}"]`);
    assert.equal(md5(`{${index.join(', ')}}`), 'c2c37ea517e94d9795004a39431a14cb');
  });

  it('have weights at the addresses and with the hashes that Keras has', () => {
    for (const { weights } of applications) {
      assert.match(
        weights.url,
        /^https:\/\/storage\.googleapis\.com\/(tensorflow\/)?keras-applications\/[\w./-]+\.h5$/,
      );
      if (weights.hash !== undefined) assert.match(weights.hash, /^([0-9a-f]{32}|[0-9a-f]{64})$/);
    }
    const without = applications.filter(({ weights }) => weights.hash === undefined).map(({ name }) => name);
    assert.deepEqual(without, ['MobileNet', 'MobileNetV2']);
    const { weights } = find('nasnet_large');
    assert.equal(weights.file, 'nasnet_large.h5');
    assert.equal(
      urlOf(weights, 'http://mirror:8000/keras/'),
      'http://mirror:8000/keras/tensorflow/keras-applications/nasnet/NASNet-large.h5',
    );
  });
});

describe("Keras's folder", () => {
  it('is ~/.keras/models, or that in KERAS_HOME', async () => {
    const home = join(root, 'home');
    mkdirSync(home);
    const cases: [environment: Record<string, string>, folder: string][] = [
      [{ HOME: home }, join(home, '.keras/models')],
      [{ HOME: home, KERAS_HOME: '' }, join(home, '.keras/models')],
      [{ HOME: home, KERAS_HOME: join(root, 'elsewhere') }, join(root, 'elsewhere/models')],
      [{ HOME: home, KERAS_HOME: '~/keras' }, join(home, 'keras/models')],
    ];
    for (const [environment, folder] of cases) {
      const { read, write } = await kerasFolders(environment);
      assert.deepEqual([read[0], write], [folder, folder]);
    }
    assert.equal((await kerasFolders({ KERAS_HOME: join(root, 'a') })).read[0], join(root, 'a/models'));
  });

  it('is under /tmp where the other can be read at most', async () => {
    const { read, write } = await kerasFolders({ KERAS_HOME: '/dev/null/keras' });
    const last = join(process.platform === 'win32' ? tmpdir() : '/tmp', '.keras/models');
    assert.deepEqual([read, write], [['/dev/null/keras/models', last], last]);
  });
});

describe('weights', () => {
  const content = Buffer.from('\x89HDF\r\n\x1a\n, and more', 'latin1');
  const folder = (name: string): { environment: Record<string, string>; file: string } => {
    mkdirSync(join(root, name, 'models'), { recursive: true });
    return { environment: { KERAS_HOME: join(root, name) }, file: join(root, name, 'models', 'small.h5') };
  };
  const small = (hash: string | undefined): Application => ({
    ...find('resnet50'),
    weights: { file: 'small.h5', url: 'https://storage.googleapis.com/keras-applications/small.h5', hash },
  });
  const pauses: number[] = [];

  it('that Keras downloaded are used as they are', async (t) => {
    const { url: weightsUrl, requests } = await startFileServer(t, () => ({ status: 500 }));
    const { environment, file } = folder('there');
    writeFileSync(file, content);
    for (const hash of [undefined, md5(content), createHash('sha256').update(content).digest('hex')])
      assert.equal(await findWeights(small(hash), { weightsUrl, environment }), file);
    assert.equal(requests.length, 0);
  });

  it('come from below the address that is set, to where Keras will find them', async (t) => {
    const { url, requests } = await startFileServer(t, () => ({ content }));
    const { environment, file } = folder('missing');
    assert.equal(await findWeights(small(md5(content)), { weightsUrl: `${url}/mirror`, environment }), file);
    assert.deepEqual(readFileSync(file), content);
    assert.deepEqual(
      requests.map(({ path }) => path),
      ['/mirror/keras-applications/small.h5'],
    );
  });

  it('are downloaded again when the file that is there has another hash', async (t) => {
    const { url: weightsUrl } = await startFileServer(t, () => ({ content }));
    const { environment, file } = folder('cut off');
    writeFileSync(file, content.subarray(0, 10));
    assert.equal(await findWeights(small(md5(content)), { weightsUrl, environment }), file);
    assert.deepEqual(readFileSync(file), content);
  });

  it('that are nowhere: what to download, and where to put it', async (t) => {
    const { url: weightsUrl } = await startFileServer(t, () => ({ status: 404 }));
    const { environment, file } = folder('nowhere');
    const failing = () => findWeights(small(md5(content)), { weightsUrl, environment, pauses });
    await assert.rejects(failing(), (error: WeightsError) => {
      assert.ok(error instanceof WeightsError);
      assert.equal(error.code, 'weights_unavailable');
      assert.deepEqual(error.message.split('\n'), [
        "The weights of resnet50 can't be downloaded: the server answers 404 Not Found.",
        `  Download  ${weightsUrl}/keras-applications/small.h5`,
        `  to        ${file}`,
        '  or name a server that has it: --weights-url, or KERAS_SERVE_WEIGHTS_URL',
      ]);
      return true;
    });
    writeFileSync(file, content.subarray(0, 10));
    await assert.rejects(failing(), /The file that is there has another hash than Keras published/);
    assert.ok(existsSync(file), 'what was there stays');
  });
});

describe('a model by name', () => {
  it('is what is on disk, before an application', async () => {
    const before = process.cwd();
    mkdirSync(join(root, 'disk/vgg16'), { recursive: true });
    writeFileSync(join(root, 'disk/vgg16/model.keras'), '');
    writeFileSync(join(root, 'disk/resnet50'), '');
    process.chdir(join(root, 'disk'));
    try {
      assert.deepEqual(await findModel('resnet50'), { path: 'resnet50', weights: undefined });
      assert.deepEqual(await findModel('vgg16'), { path: 'vgg16/model.keras', weights: undefined });
    } finally {
      process.chdir(before);
    }
  });

  it('has the weights that are given, in place of the published ones', async () => {
    const { path, weights, card } = await findModel('VGG-19', { weights: 'mine.h5' });
    assert.equal(path, architectureOf(find('vgg19')));
    assert.equal(weights, 'mine.h5');
    assert.equal(card!.name, 'vgg19');
  });

  it('that is nothing: a proposal, unless it is a path', async () => {
    await assert.rejects(findModel('mobilenet_v4'), {
      code: 'model_not_found',
      message: 'There is no file, folder or Keras Application "mobilenet_v4". Did you mean mobilenetv2 or mobilenet?',
    });
    await assert.rejects(findModel('./resnet50'), { message: 'There is no file or folder "./resnet50".' });
    await assert.rejects(findModel('resnet50.keras'), { message: 'There is no file or folder "resnet50.keras".' });
  });
});
