/** HDF5 as the reader sees it: every type that Keras stores, and files that are out to do harm. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { readHdf5 } from '../../src/keras/hdf5.js';
import type { Hdf5File } from './files.js';
import { temporaryFolder, writeHdf5 } from './files.js';

const folder = temporaryFolder();
let files = 0;

async function read(fill: (file: Hdf5File) => void) {
  const path = await writeHdf5(join(folder, `${files++}.h5`), fill);
  return readHdf5({ path, offset: 0, length: statSync(path).size });
}

/** A file out of the fixtures. */
function kerasFile(family: string, name: string): Uint8Array {
  const archive = readFileSync(new URL(`../fixtures/keras/${family}.zip`, import.meta.url));
  return unzipSync(archive, { filter: (entry) => entry.name === name })[name]!;
}

function readAs(name: string) {
  const path = fileURLToPath(new URL(name, import.meta.url));
  return readHdf5({ path, offset: 0, length: statSync(path).size });
}

describe('an HDF5 file', () => {
  it('gives its groups, attributes and datasets', async () => {
    const root = await read((file) => {
      file.create_attribute('keras_version', '2.11.0');
      file.create_attribute('names', ['a', 'bé'], [2], 'S4');
      file.create_attribute('count', 7);
      file
        .create_group('outer')
        .create_group('inner')
        .create_dataset({ name: 'x', data: Float32Array.of(1, 2) });
    });
    assert.deepEqual({ ...root.attributes }, { keras_version: '2.11.0', names: ['a', 'bé'], count: 7 });
    assert.deepEqual(root.groups.get('outer')?.groups.get('inner')?.datasets.get('x'), {
      dtype: 'float32',
      shape: [2],
      data: Float32Array.of(1, 2),
    });
  });

  it('gives what h5py writes: text of every kind, numbers of every kind and order, compressed or not', async () => {
    const { attributes, datasets } = await readAs('types.h5');
    assert.deepEqual(
      { ...attributes },
      {
        text: 'naïve',
        bytes: 'naïve',
        fixed: ['kernel:0', 'bias:0'],
        texts: ['a', 'bé'],
        none: [],
        number: 7,
        numbers: [1.5, 2.5],
      },
    );
    const floats = [1.5, -2, 0.25, 3, 65504, -0];
    const integers = [1, 2, 3, 4, 5, 100];
    const expected: [string, string, number[]][] = [
      ['<f2', 'float16', floats],
      ['>f2', 'float16', floats],
      ['<f4', 'float32', floats],
      ['>f4', 'float32', floats],
      ['<f8', 'float64', floats],
      ['>f8', 'float64', floats],
      ['<i1', 'int8', integers],
      ['<u1', 'uint8', integers],
      ['>i2', 'int16', integers],
      ['<u2', 'uint16', integers],
      ['<i4', 'int32', integers],
      ['>u4', 'uint32', integers],
      ['>i8', 'int64', integers],
      ['<u8', 'uint64', integers],
      ['bool', 'bool', [1, 0]],
      ['bfloat16', 'bfloat16', [1.5, -2, 0.25]],
      ['gzip', 'float32', Array.from({ length: 100 }, (_, i) => i)],
    ];
    for (const [name, dtype, values] of expected) {
      const dataset = datasets.get(name)!;
      assert.equal(dataset.dtype, dtype, name);
      assert.deepEqual(Array.from(dataset.data as ArrayLike<number>, Number), values, name);
    }
    assert.deepEqual(datasets.get('<f2')!.shape, [2, 3]);
    assert.ok(!datasets.has('strings'));
  });

  it('compressed in a way that HDF5 itself does not know is refused by its name', async () => {
    await assert.rejects(readAs('lzf.h5'), { code: 'model_format_unsupported', message: /lzf/ });
  });

  it('gives scalars, empty arrays, and arrays larger than a slice', async () => {
    const large = Float32Array.from({ length: 3 * 2 ** 21 }, (_, i) => i);
    const root = await read((file) => {
      file.create_dataset({ name: 'scalar', data: Float32Array.of(3), shape: [] });
      file.create_dataset({ name: 'empty', data: new Float32Array(0), shape: [0, 4] });
      file.create_dataset({ name: 'large', data: large, shape: [3, 2 ** 21] });
      file.create_dataset({ name: 'wide', data: large, shape: [1, 3 * 2 ** 21] });
      file.create_dataset({
        name: 'gzip',
        data: large,
        shape: [6, 2 ** 20],
        chunks: [1, 2 ** 18],
        compression: 'gzip',
      });
    });
    assert.deepEqual(root.datasets.get('scalar'), { dtype: 'float32', shape: [], data: Float32Array.of(3) });
    assert.deepEqual(root.datasets.get('empty'), { dtype: 'float32', shape: [0, 4], data: new Float32Array(0) });
    for (const name of ['large', 'wide', 'gzip']) assert.deepEqual(root.datasets.get(name)?.data, large, name);
  });

  it('with a link to another file is refused', async () => {
    const filling = (file: Hdf5File) => file.create_external_link('/etc/passwd', '/x', 'layers');
    await assert.rejects(read(filling), { code: 'model_format_unsupported', message: /link to another file/ });
  });

  it('with a link to another place is refused', async () => {
    const filling = (file: Hdf5File) => file.create_soft_link('/somewhere', 'layers');
    await assert.rejects(read(filling), { code: 'model_format_unsupported', message: /link to another place/ });
  });

  it('with a group inside itself is refused', async () => {
    const filling = (file: Hdf5File) => {
      file.create_group('a');
      file.create_hard_link('/a', '/a/b');
      file.create_hard_link('/a', '/a/c');
    };
    await assert.rejects(read(filling), { code: 'model_too_large', message: /inside themselves/ });
  });

  it('whose dataset claims more than the file can hold is refused, and costs no memory', async () => {
    const before = process.memoryUsage().rss;
    const filling = (file: Hdf5File) => {
      const options = { shape: [10], maxshape: [2 ** 40], chunks: [1024] };
      file.create_dataset({ name: 'x', data: new Float32Array(10), ...options }).resize([2 ** 36]);
    };
    await assert.rejects(read(filling), { code: 'model_too_large', message: /claim/ });
    assert.ok(process.memoryUsage().rss - before < 2 ** 28);
  });

  it('whose chunks are too large is refused', async () => {
    const filling = (file: Hdf5File) => {
      file.create_dataset({ name: 'x', data: new Float32Array(1), shape: [1], maxshape: [2 ** 28], chunks: [2 ** 27] });
    };
    await assert.rejects(read(filling), { code: 'model_too_large', message: /chunks/ });
  });

  it('whose text claims more than the file can hold is refused, and costs no memory', async () => {
    const bytes = Buffer.from(kerasFile('keras2', 'rnn_list_of_cells/model.h5'));
    // Text of any length lies in a heap; the attribute has its length and then the heap's address.
    const address = Buffer.alloc(8);
    address.writeBigUInt64LE(BigInt(bytes.indexOf('GCOL')));
    const length = bytes.indexOf(address, bytes.indexOf('model_config')) - 4;
    assert.ok(bytes.readUInt32LE(length) < bytes.length);
    bytes.writeUInt32LE(0x41414141, length);
    const path = join(folder, 'text.h5');
    writeFileSync(path, bytes);
    const before = process.resourceUsage().maxRSS;
    await assert.rejects(readHdf5({ path, offset: 0, length: bytes.length }), { code: 'model_damaged' });
    assert.ok(process.resourceUsage().maxRSS - before < 512 * 1024);
  });

  it('leaves the state of an optimizer alone', async () => {
    const root = await read((file) => file.create_group('optimizer_weights').create_dataset({ name: 'x', data: [1] }));
    assert.equal(root.groups.size, 0);
  });

  it('is read after one that could not be', async () => {
    const path = join(folder, 'none.h5');
    writeFileSync(path, `\x89HDF\r\n\x1a\n${'x'.repeat(500)}`, 'latin1');
    const [bad, good] = await Promise.allSettled([
      readHdf5({ path, offset: 0, length: 508 }),
      read((file) => file.create_dataset({ name: 'x', data: Float32Array.of(1) })),
    ]);
    assert.equal(bad.status, 'rejected');
    assert.equal(good.status, 'fulfilled');
  });

  it('with any bytes changed or cut off is read, or refused with a reason', async () => {
    const path = await writeHdf5(join(folder, 'whole.h5'), (file) => {
      file.create_attribute('model_config', JSON.stringify({ class_name: 'Sequential', config: [] }));
      const group = file.create_group('model_weights');
      group.create_attribute('layer_names', ['dense_1', 'dense_2'], [2], 'S7');
      group.create_group('dense_1').create_dataset({ name: 'kernel:0', data: new Float32Array(64), shape: [8, 8] });
      const options = { shape: [64, 64], chunks: [16, 16], compression: 'gzip' as const };
      group.create_group('dense_2').create_dataset({ name: 'kernel:0', data: new Float32Array(4096), ...options });
    });
    const whole = readFileSync(path);
    const mutated = join(folder, 'mutated.h5');
    const change = fc.tuple(fc.nat(whole.length - 1), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff));
    const changes = fc.tuple(
      fc.array(change, { maxLength: 6 }),
      fc.oneof(fc.constant(whole.length), fc.nat(whole.length)),
    );
    await fc.assert(
      fc.asyncProperty(changes, async ([list, length]) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of list) bytes[at] = value;
        writeFileSync(mutated, bytes.subarray(0, length));
        const error = await readHdf5({ path: mutated, offset: 0, length }).then(
          () => undefined,
          (reason: Error) => reason,
        );
        assert.ok(error === undefined || error.name === 'ModelFileError', error?.stack);
      }),
      { numRuns: 30 },
    );
  });
});
