import type { Mutation } from './list.js';

const reading = 'test/pickle/read-pickle.test.ts';
const exploits = 'test/pickle/exploits.test.ts';
const fitted = 'test/pickle/fitted.test.ts';
const packed = 'test/pickle/packed.test.ts';
const cards = 'test/routes/fitted-table.test.ts';

/** Mistakes in how pickles are read, and in what fitted objects in them do. */
export const pickleMutations: Mutation[] = [
  {
    about: 'what a packed file makes has no limit',
    file: 'src/pickle/packed/output.ts',
    search: 'if (this.length >= this.most)',
    replacement: 'if (this.length >= 2 ** 40)',
    test: packed,
    name: 'a small file that makes a large one is refused',
  },
  {
    about: 'a checksum of xz is not looked at',
    file: 'src/pickle/packed/xz.ts',
    search: "if (!Buffer.from(own).equals(input.take(own.length))) throw damaged('a checksum is wrong');",
    replacement: 'input.take(own.length);',
    test: packed,
    name: 'what was changed anywhere is refused',
  },
  {
    about: 'a class that is not known is an object of its name',
    file: 'src/pickle/classes.ts',
    search: 'if (known) return known;',
    replacement: 'return known ?? new Known(full, (args) => new Instance(full, args));',
    test: exploits,
    name: 'GLOBAL and REDUCE',
  },
  {
    about: 'what a memo makes has no limit',
    file: 'src/pickle/machine.ts',
    search: 'this.budget.bytes -= bytes;',
    replacement: '',
    test: reading,
    name: 'what is too large is refused',
  },
  {
    about: 'an array whose columns come first is read row by row',
    file: 'src/pickle/arrays.ts',
    search: 'columnsFirst && axes.length > 1',
    replacement: 'columnsFirst && axes.length > 99',
    test: reading,
    name: 'values and columns of scikit-learn-1.9.0',
  },
  {
    about: 'an inverse goes through the steps of a scaler in their order',
    file: 'src/pickle/scalers.ts',
    search: 'steps.toReversed().map',
    replacement: 'steps.map',
    test: fitted,
    name: 'scikit-learn-1.9.0',
  },
  {
    about: 'categories behind the one that is dropped keep their places',
    file: 'src/pickle/encoders.ts',
    search: 'group > left ? group - 1 : group',
    replacement: 'group > left ? group : group',
    test: fitted,
    name: 'scikit-learn-1.9.0',
  },
  {
    about: 'what stands behind an imputer says nothing of its columns',
    file: 'src/pickle/compositions.ts',
    search: '({ ...later[index], ...accepted })',
    replacement: 'accepted',
    test: cards,
    name: 'leaves texts',
  },
  {
    about: 'steps that are filled up are transformed, too',
    file: 'src/datapoints/tables/fitted-table.ts',
    search: 'isFilled ? filling : put(value as number)',
    replacement: 'put(value as number)',
    test: cards,
    name: 'fills up with the model’s own numbers',
  },
];
