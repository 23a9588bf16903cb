/** `.keras` archives: the zip is checked before anything in it is unpacked. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { unzipSync, zipSync } from 'fflate';
import { type ModelFileErrorCode, readKerasModel } from '../../src/keras/index.js';
import { dense, input, sequential, temporaryFolder, writeArchive } from './files.js';

const folder = temporaryFolder();
const model = sequential(input([null, 2]), dense('dense', 3));
const refusedAs = (code: ModelFileErrorCode, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Error && 'code' in error, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};

/** Where the signature of the central directory's entry of `name` stands. */
function centralHeader(zip: Buffer, name: string): number {
  for (let at = zip.length - 46; at >= 0; at--) {
    if (zip.readUInt32LE(at) === 0x02014b50 && zip.toString('latin1', at + 46, at + 46 + name.length) === name)
      return at;
  }
  throw new Error(`no ${name}`);
}

async function altered(name: string, alter: (zip: Buffer) => unknown): Promise<string> {
  const path = await writeArchive(join(folder, name), model);
  const zip = readFileSync(path);
  const result = alter(zip);
  writeFileSync(path, result instanceof Buffer ? result : zip);
  return path;
}

describe('a .keras archive', () => {
  for (const level of [0, 9] as const) {
    it(`is read ${level ? 'deflated' : 'stored'}`, async () => {
      const path = await writeArchive(join(folder, `level${level}.keras`), model, undefined, { level });
      const { graph, kerasVersion, container, className } = await readKerasModel(path);
      assert.deepEqual([container, className, kerasVersion], ['keras', 'Sequential', '3.9.0']);
      const [call] = graph.calls;
      const { kernel, bias } = Object.fromEntries(call!.layer.weights);
      assert.deepEqual(
        [kernel!.shape, [...(kernel!.data as Float32Array)]],
        [
          [2, 3],
          [0, 1, 2, 3, 4, 5],
        ],
      );
      assert.deepEqual([...(bias!.data as Float32Array)], [-0, -1, -2]);
    });
  }

  it('is read whatever its file is called', async () => {
    const path = await writeArchive(join(folder, 'model.h5'), model);
    assert.equal((await readKerasModel(path)).container, 'keras');
  });

  it('may hold other entries, whose names are never used', async () => {
    const more = {
      '../../climbs.txt': Buffer.from('x'),
      '/etc/passwd': Buffer.from('x'),
      'assets/x': Buffer.from('x'),
    };
    const path = await writeArchive(join(folder, 'climbs.keras'), model, undefined, { more });
    assert.equal((await readKerasModel(path)).graph.calls.length, 1);
  });

  /** A zip of an archive's files in a folder, and more. */
  async function inFolder(name: string, more: Record<string, string> = {}): Promise<string> {
    const files = unzipSync(readFileSync(await writeArchive(join(folder, `${name}.inner`), model)));
    const moved = Object.entries(files).map(([file, bytes]): [string, Uint8Array] => [`pets/cats/${file}`, bytes]);
    const others = Object.entries(more).map(([file, text]): [string, Uint8Array] => [file, Buffer.from(text)]);
    const path = join(folder, `${name}.zip`);
    writeFileSync(path, zipSync(Object.fromEntries([...moved, ...others])));
    return path;
  }

  it('may be in a folder of the zip, as those who unpack one and pack it again make it', async () => {
    const added = { '__MACOSX/pets/cats/._config.json': 'x', 'pets/.DS_Store': 'x', 'pets/notes.txt': 'x' };
    const { graph, kerasVersion } = await readKerasModel(await inFolder('moved', added));
    assert.deepEqual([graph.calls[0]!.layer.weights.size, kerasVersion], [2, '3.9.0']);
  });

  it('packed by macOS into a zip of its own is named, and what macOS adds is not', async () => {
    const path = join(folder, 'mac.zip');
    writeFileSync(path, zipSync({ 'pets.keras': Buffer.from('x'), '__MACOSX/._pets.keras': Buffer.from('x') }));
    await assert.rejects(
      readKerasModel(path),
      refusedAs('model_format_unsupported', /around a model \("pets\.keras"\)/),
    );
  });

  it('in a folder beside another model is refused, naming both', async () => {
    for (const name of ['pets/best.h5', 'dogs/model.keras'])
      await assert.rejects(
        readKerasModel(await inFolder(name.replace('/', '-'), { [name]: 'x' })),
        refusedAs('model_format_unsupported', new RegExp(`several models \\("pets/cats/", "${name}"\\)`)),
      );
  });

  it('that claims to unpack to 100 GB is refused before it is unpacked', async () => {
    const path = await altered('bomb.keras', (zip) => {
      const at = centralHeader(zip, 'config.json');
      zip.writeUInt16LE(8, at + 10);
      zip.writeUInt32LE(0xfffffffe, at + 24);
      const weights = centralHeader(zip, 'model.weights.h5');
      zip.writeUInt32LE(0xfffffffe, weights + 24);
    });
    await assert.rejects(readKerasModel(path), refusedAs('model_too_large', /not unpacked/));
  });

  it('that claims 100 GB in Zip64 is refused before it is unpacked', async () => {
    const path = await altered('bomb64.keras', (zip) => {
      const at = centralHeader(zip, 'metadata.json');
      const nameLength = zip.readUInt16LE(at + 28);
      const extra = Buffer.alloc(12);
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(8, 2);
      extra.writeBigUInt64LE(100_000_000_000n, 4);
      zip.writeUInt16LE(8, at + 10);
      zip.writeUInt32LE(0xffffffff, at + 24);
      zip.writeUInt16LE(12, at + 30);
      const end = zip.length - 22;
      zip.writeUInt32LE(zip.readUInt32LE(end + 12) + 12, end + 12);
      const cut = at + 46 + nameLength;
      return Buffer.concat([zip.subarray(0, cut), extra, zip.subarray(cut)]);
    });
    await assert.rejects(readKerasModel(path), refusedAs('model_too_large', /100000000000|unpacks to/));
  });

  it('with more entries than any model has is refused', async () => {
    const more = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`${i}`, new Uint8Array(0)]));
    const path = await writeArchive(join(folder, 'many.keras'), model, undefined, { more });
    await assert.rejects(readKerasModel(path), refusedAs('model_too_large', /entries/));
  });

  it('that is encrypted is refused', async () => {
    const path = await altered('encrypted.keras', (zip) => {
      zip.writeUInt16LE(1, centralHeader(zip, 'config.json') + 8);
    });
    await assert.rejects(readKerasModel(path), refusedAs('model_format_unsupported', /encrypted/));
  });

  it('whose weights are not those that were packed is refused', async () => {
    const path = await altered('flipped.keras', (zip) => {
      const at = zip.indexOf(Buffer.from(Float32Array.of(0, 1, 2, 3).buffer));
      zip[at + 5]! ^= 1;
    });
    await assert.rejects(readKerasModel(path), refusedAs('model_damaged', /not what was packed/));
  });

  it('that is cut off is refused', async () => {
    const path = await altered('cut.keras', (zip) => zip.subarray(0, zip.length - 100));
    await assert.rejects(readKerasModel(path), refusedAs('model_damaged', /copy or download it again/));
  });

  it('without weights is refused', async () => {
    const path = join(folder, 'bare.keras');
    writeFileSync(path, zipSync({ 'config.json': Buffer.from(JSON.stringify(model)) }));
    await assert.rejects(readKerasModel(path), refusedAs('model_format_unsupported', /no model\.weights\.h5/));
  });

  it('of something else is named for what it is', async () => {
    const path = join(folder, 'torch.keras');
    writeFileSync(path, zipSync({ 'archive/data.pkl': Buffer.from('x') }));
    await assert.rejects(readKerasModel(path), refusedAs('model_format_unsupported', /PyTorch/));
  });

  it('with any bytes changed is read, or refused with a reason', async () => {
    const zip = readFileSync(await writeArchive(join(folder, 'whole.keras'), model));
    const path = join(folder, 'mutated.keras');
    const place = fc.oneof(fc.nat(zip.length - 1), fc.integer({ min: zip.length - 400, max: zip.length - 1 }));
    const changes = fc.array(fc.tuple(place, fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const bytes = Buffer.from(zip);
        for (const [at, value] of list) bytes[at] = value;
        writeFileSync(path, bytes);
        const error = await readKerasModel(path).then(
          () => undefined,
          (reason: Error) => reason,
        );
        assert.ok(error === undefined || error.name === 'ModelFileError', error?.stack);
      }),
      { numRuns: 30 },
    );
  });
});
