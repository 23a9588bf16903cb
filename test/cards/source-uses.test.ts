/** What source code says of how it uses a model. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { contentOfSource } from '../../src/cards/source-content.js';
import type { SourceImage } from '../../src/cards/source-images.js';
import { type Language, SourceCode } from '../../src/cards/source-tokens.js';
import { isUseOf, isVersionOf, usesIn } from '../../src/cards/source-uses.js';

const read = (source: string, language: Language = 'python') => usesIn(new SourceCode(source, language)).uses;
const imageOf = (source: string): SourceImage | undefined => read(source).at(-1)?.image;
const answerOf = (source: string) => read(source).at(-1)?.answer;

const asking = (lines: string) =>
  `from PIL import Image\nimport cv2\nx = Image.open(file)\n${lines}\np = model.predict(x)`;

describe('the scaling of pictures in source code', () => {
  it('is the arithmetic on what a model is given', () => {
    const ways: [source: string, scaling: string | undefined][] = [
      ['x = np.array(x) / 255.0', 'unit'],
      ['x = np.array(x)\nx /= 255', 'unit'],
      ['x = np.array(x) * (1 / 255.)', 'unit'],
      ['x = np.divide(x, 255)', 'unit'],
      ['x = x / 127.5 - 1', 'tf'],
      ['x = (x.astype("float32") - 127.5) / 127.5', 'tf'],
      ['x = x / 255.0\nx = (x - 0.5) * 2', 'tf'],
      ['x = x / 255.0 * 2 - 1', 'tf'],
      ['x = x / 255.0 - 0.5', 'centred'],
      ['x = np.array(x)', 'none'],
      ['from keras.applications.vgg16 import preprocess_input\nx = preprocess_input(x)', 'caffe'],
      ['x = tf.keras.applications.mobilenet_v2.preprocess_input(x)', 'tf'],
      ['from keras.applications.efficientnet import preprocess_input\nx = preprocess_input(x)', 'none'],
      // What is not known is not guessed: a function of another file, another scaling, two that go together no way.
      ['x = prepare_image(x)', undefined],
      ['x = (x - mean) / std', undefined],
      ['x = tf.image.per_image_standardization(x)', undefined],
      ['from mine import preprocess_input\nx = preprocess_input(x)', undefined],
      ['x = x / 255.0\nx = x / 127.5 - 1', undefined],
      ['x = x / 100', 'none'],
    ];
    for (const [lines, scaling] of ways) assert.equal(imageOf(asking(lines))?.scaling, scaling, lines);
  });

  it('is found through functions, lists, loops and splits', () => {
    for (const source of [
      'def prepare(path, size=(8, 8)):\n  y = cv2.imread(path)\n  y = cv2.resize(y, size)\n  return y / 255.0\nx = prepare("a.png")\np = model.predict(np.array([x]))',
      'rows = []\nfor name in names:\n  y = cv2.imread(name)\n  y = cv2.resize(y, (8, 8))\n  rows.append(y)\nX = np.array(rows) / 255.0\nX_train, X_test, y_train, y_test = train_test_split(X, answers)\nmodel.fit(X_train, y_train)',
      'def load():\n  photos, masks = [], []\n  for n in names:\n    y = cv2.imread(n)\n    photos.append(cv2.resize(y, (8, 8)) / 255)\n    masks.append(cv2.imread(n))\n  return photos, masks\na, b = load()\nmodel.fit(a, b)',
      'class Pairs(Sequence):\n  def __getitem__(self, i):\n    for k in range(9):\n      one = cv2.resize(cv2.imread(self.names[k]), (8, 8)) / 255\n      a[k] = one\n    return a, b\ngen = Pairs(n)\nmodel.fit(gen, epochs=3)',
      'class App:\n  def __init__(self):\n    self.size = (8, 8)\n  def ask(self, path):\n    self.x = cv2.resize(cv2.imread(path), self.size) / 255\n    return self.model.predict(self.x)',
      'def pair(image, mask):\n  image = cv2.resize(cv2.imread(image), (8, 8)) / 255\n  return image, mask\nds = data.map(lambda i, m: pair(i, m))\nmodel.fit(ds)',
    ])
      assert.deepEqual(
        imageOf(source),
        {
          scaling: 'unit',
          resize: { interpolation: 'bilinear', antialias: false, size: [8, 8] },
          color: 'bgr',
          isUpright: true,
        },
        source,
      );
  });

  it('is that of the picture, not of the mask beside it', () => {
    const source = 'x = cv2.imread("a")\ny = cv2.imread("b") / 255\nX.append(x)\nY.append(y)\nmodel.fit(X, Y)';
    assert.equal(imageOf(source)?.scaling, 'none');
  });

  it('is the last that is done before, of several models each one’s', () => {
    const uses = read(
      'a = load_model("a.h5")\nb = load_model("b.h5")\nx = cv2.imread(f)\np = a.predict(x)\nx = cv2.imread(f)\nx = x / 255\nq = b.predict(x)',
    );
    assert.deepEqual(
      uses.map(({ models, image }) => [models, image?.scaling]),
      [
        [['a.h5'], 'none'],
        [['b.h5'], 'unit'],
      ],
    );
  });
});

describe('the size of pictures in source code', () => {
  it('is brought about as each library does it', () => {
    const ways: [line: string, resize: SourceImage['resize']][] = [
      ['x = cv2.resize(x, (20, 10))', { interpolation: 'bilinear', antialias: false, size: [10, 20] }],
      [
        'x = cv2.resize(x, dsize=(20, 10), interpolation=cv2.INTER_NEAREST)',
        { interpolation: 'nearest', size: [10, 20] },
      ],
      // No card has it.
      ['x = cv2.resize(x, (20, 10), interpolation=cv2.INTER_AREA)', { size: [10, 20] }],
      ['x = x.resize((20, 10))', { interpolation: 'bicubic', size: [10, 20] }],
      ['x = x.resize((20, 10), Image.Resampling.LANCZOS)', { interpolation: 'lanczos', size: [10, 20] }],
      ['W, H = 20, 10\nx = x.resize((W, H), resample=Image.NEAREST)', { interpolation: 'nearest', size: [10, 20] }],
      ['SIZE = (20, 10)\nx = x.resize(SIZE)', { interpolation: 'bicubic', size: [10, 20] }],
      ['x = x.resize((w, h))', { interpolation: 'bicubic' }],
      ['x = tf.image.resize(x, [10, 20])', { interpolation: 'bilinear', antialias: false, size: [10, 20] }],
      ['x = tf.image.resize(x, (10, 20), antialias=True)', { interpolation: 'bilinear', size: [10, 20] }],
      ['x = tf.image.resize(x, (10, 20), method="nearest")', { interpolation: 'nearest', size: [10, 20] }],
      ['x = ImageOps.fit(x, (20, 10), Image.LANCZOS)', { way: 'crop', interpolation: 'lanczos', size: [10, 20] }],
      ['x = load_img(f, target_size=(10, 20))', { interpolation: 'nearest', size: [10, 20] }],
      ['x = resize(x, (10, 20))', {}],
    ];
    for (const [line, resize] of ways) assert.deepEqual(imageOf(asking(line))?.resize, resize, line);
  });

  it('is that of generators and folders of pictures', () => {
    assert.deepEqual(
      imageOf(
        'g = ImageDataGenerator(rescale=1./255)\nt = g.flow_from_directory("d", target_size=(10, 20))\nmodel.fit(t, epochs=2)',
      ),
      { scaling: 'unit', resize: { interpolation: 'nearest', size: [10, 20] }, color: 'rgb', isUpright: true },
    );
    assert.deepEqual(imageOf('t = tf.keras.utils.image_dataset_from_directory("d")\nmodel.fit(t)')?.resize, {
      interpolation: 'bilinear',
      antialias: false,
      size: [256, 256],
    });
  });
});

describe('colours in source code', () => {
  it('are blue first where OpenCV opens a picture and nothing turns them', () => {
    const color = (lines: string) => imageOf(`x = cv2.imread(f)\n${lines}\np = model.predict(x)`)?.color;
    assert.equal(color(''), 'bgr');
    assert.equal(color('x = cv2.cvtColor(x, cv2.COLOR_BGR2RGB)'), 'rgb');
    assert.equal(color('x = x[..., ::-1]'), 'rgb');
    assert.equal(color('x = cv2.cvtColor(x, cv2.COLOR_BGR2GRAY)'), undefined);
    assert.equal(imageOf(asking(''))?.color, 'rgb');
    assert.equal(imageOf(asking('x = cv2.cvtColor(np.array(x), cv2.COLOR_RGB2BGR)'))?.color, 'bgr');
  });

  it('are turned upside down where the code says so', () => {
    assert.equal(imageOf(asking(''))?.isUpright, true);
    for (const line of [
      'x = 255 - x',
      'x = 1 - x / 255',
      'x = cv2.bitwise_not(x)',
      'x = ImageOps.invert(x)',
      'x = make_image(x)',
    ])
      assert.equal(imageOf(asking(line))?.isUpright, false, line);
  });
});

describe('what becomes of answers in source code', () => {
  it('is a picture where it is shown as one', () => {
    assert.deepEqual(answerOf('p = model.predict(x)\nplt.imshow(p[0])')?.picture, {});
    assert.deepEqual(
      answerOf('p = model.predict(x)\ny = (p * 255).astype("uint8")\nImage.fromarray(y[0]).save("a")')?.picture,
      {
        scaling: 'unit',
      },
    );
    assert.deepEqual(answerOf('p = model.predict(x)\np = (p + 1) * 127.5\ncv2.imwrite("a.png", p[0])')?.picture, {
      scaling: 'tf',
    });
    assert.deepEqual(
      answerOf('def show(images):\n  plt.imshow(images[0])\np = model.predict(x)\nshow(p)')?.picture,
      {},
    );
    assert.deepEqual(answerOf('p = np.clip(model.predict(x), 0, 1)')?.picture, { scaling: 'unit' });
    assert.equal(answerOf('p = model.predict(x)\nplt.imshow(x)')?.picture, undefined);
    assert.equal(answerOf('p = model.predict(x)\nm = p > 0.5\nplt.imshow(m)')?.isChosen, true);
  });

  it('has the unit that it is written with', () => {
    const unit = (line: string) => answerOf(`p = model.predict(x)\nprice = p[0][0]\n${line}`)?.unit;
    assert.equal(unit('print(f"Price: $ {price:,.2f}")'), '$');
    assert.equal(unit('print(f"<h1>₹{price:.1f}</h1>")'), '₹');
    assert.equal(unit('print(f"₹ {price:.1f} Lakhs")'), 'lakh ₹');
    assert.equal(unit('print(f"{price:.0f} years old")'), 'years old');
    assert.equal(unit('print(f"{price} km/h")'), 'km/h');
    assert.equal(unit('print("Price: {} USD".format(price))'), 'USD');
    // Other words are none, nor what stands beside other numbers, nor two that differ.
    assert.equal(unit('print(f"{price} is the price")'), undefined);
    assert.equal(unit('print(f"$ {other}")'), undefined);
    assert.equal(unit('print(f"$ {price}")\nprint(f"€ {price}")'), undefined);
  });

  it('has names where single numbers have', () => {
    const names = (lines: string) => answerOf(`p = model.predict(x)\n${lines}`)?.names;
    assert.deepEqual(names('height = p[0, 0]\nspeed = float(p[0][1])'), ['height', 'speed']);
    assert.deepEqual(names('speed = p[0, 1]'), []);
    assert.deepEqual(names('height = q[0, 0]\nspeed = q[0, 1]'), []);
  });
});

describe('files that source code uses with a model', () => {
  const source = [
    'def load(path):\n  with open(path, "rb") as f:\n    return pickle.load(f)',
    'scaler = load("in/scaler_x.pkl")',
    'back = joblib.load("back.joblib")',
    'other = joblib.load("other.pkl")',
    'net = load_model("C:\\\\nets\\\\price.h5")',
    'x = scaler.transform(rows)',
    'y = net.predict(x.reshape(1, -1))',
    'price = back.inverse_transform(y)',
  ].join('\n');

  it('are what makes its input of something, and something of its answer', () => {
    const [use, ...others] = read(source);
    assert.deepEqual(
      [use!.models, use!.transforms, use!.answer!.inverses],
      [['price.h5'], ['scaler_x.pkl'], ['back.joblib']],
    );
    assert.deepEqual(others, []);
  });

  it('are found where they are in other files', () => {
    const [imported, own] = [source.split('\nx =')[0]!, `from mine import *\nx =${source.split('\nx =')[1]}`];
    const { uses } = contentOfSource('python', own, imported);
    assert.deepEqual(uses[0]!.transforms, ['scaler_x.pkl']);
    assert.deepEqual(uses[0]!.lines, [2, 3]);
  });

  it('are no models of scikit-learn, which are asked alike', () => {
    assert.deepEqual(read('m = joblib.load("forest.pkl")\nm.predict(x)\nscaler.fit(x)'), []);
  });

  it('know a model by its file, or by another version of it', () => {
    assert.ok(isUseOf({ models: ['Price.keras'] }, 'price.h5'));
    assert.ok(!isUseOf({ models: ['price90.h5'] }, 'price.h5'));
    assert.ok(isVersionOf({ models: ['price90.h5'] }, 'price.h5'));
    assert.ok(isVersionOf({ models: ['price_v2.h5'] }, 'price.h5'));
    assert.ok(!isVersionOf({ models: ['prices.h5'] }, 'price.h5'));
  });
});

describe('any text', () => {
  it('is read to its end', () => {
    const word = fc.constantFrom(
      'x',
      '=',
      '(',
      ')',
      '[',
      ']',
      ',',
      '.',
      ':',
      '\n',
      '\n  ',
      'def f',
      'class C',
      'return',
      'self.',
      'model.predict(',
      'for',
      'in',
      'with',
      'as',
      '/ 255',
      '"a.pkl"',
      'f"{x} $"',
      'x.append(',
      'lambda',
      '1',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), (words) => {
        read(`load_model\n${words.join(' ')}`);
      }),
    );
  });

  it('that calls itself in a circle ends', () => {
    assert.ok(
      read('def f(a):\n  a = g(a)\n  return f(a)\ndef g(b):\n  return f(g(b))\nx = f(x)\np = model.predict(f(x))'),
    );
  });
});
