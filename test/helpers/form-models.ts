import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeOnnx } from '../../src/onnx/encode.js';
import { GraphBuilder } from '../../src/onnx/graph.js';
import { metadataNames } from '../../src/onnx/metadata.js';
import { mul, reduceMean } from '../../src/onnx/operators/index.js';
import { temporaryFolder } from './folder.js';
import { colourModel, mixingModel } from './onnx-models.js';

const columns = [{ name: 'age', offset: 40, scale: 10 }, { name: 'income', scale: 1000 }, { name: 'größe in cm' }];

/** A model that doubles three columns, and says that it doesn't mix rows. */
function tableModel(path: string): void {
  const graph = new GraphBuilder();
  graph.output('y', mul(graph.input('x', 'float32', [null, 3]), 2));
  writeFileSync(path, encodeOnnx(graph, { [metadataNames.batchDependent]: 'false' }).toBuffer());
}

/** A model of a picture and two columns: gives the mean colour of `photo` (batch, 4, 4, 3), and twice `meta` (batch, 2). */
function mixedModel(path: string): void {
  const graph = new GraphBuilder();
  graph.output('colour', reduceMean(graph.input('photo', 'float32', [null, 4, 4, 3]), [1, 2]));
  graph.output('twice', mul(graph.input('meta', 'float32', [null, 2]), 2));
  writeFileSync(path, encodeOnnx(graph).toBuffer());
}

/** A model of an input for each column, of which one is a list: gives them as they are. */
function namedModel(path: string): void {
  const graph = new GraphBuilder();
  graph.output('a', mul(graph.input('age', 'float32', [null, 1]), 1));
  graph.output('w', mul(graph.input('week', 'float32', [null, 3]), 1));
  writeFileSync(path, encodeOnnx(graph).toBuffer());
}

/**
 * Folders of models for forms and CSV: `table` doubles three columns, `mixed` and `named` are as above, `colour` takes a picture alone,
 * `mixing` adds up all rows.
 */
export function formModels(): string[] {
  const root = temporaryFolder('form-models');
  const make = (name: string, write: (path: string) => void, card: object) => {
    const folder = join(root, name);
    mkdirSync(folder);
    write(join(folder, `${name}.onnx`));
    writeFileSync(join(folder, 'serve.json'), JSON.stringify(card));
    return join(folder, `${name}.onnx`);
  };
  return [
    make('table', tableModel, { inputs: { x: { columns } } }),
    make('mixed', mixedModel, {
      inputs: { photo: { kind: 'image', scaling: 'none' }, meta: { columns: [{ name: 'age' }, { name: 'photo' }] } },
      outputs: { colour: { kind: 'tensor' }, twice: { kind: 'tensor' } },
    }),
    make('named', namedModel, { outputs: { a: { kind: 'tensor' }, w: { kind: 'tensor' } } }),
    make('colour', (path) => copyFileSync(colourModel(), path), {
      image: { scaling: 'none' },
      outputs: { scores: { kind: 'tensor' } },
    }),
    make('mixing', (path) => copyFileSync(mixingModel(), path), {
      inputs: { x: { columns: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] } },
    }),
  ];
}
