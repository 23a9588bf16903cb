import type { Mutation } from './list.js';

const recorded = 'test/strings/tensorflow.test.ts';
const fixtures = 'test/onnx/fixtures.test.ts';

/** Mistakes in what models do with strings. */
export const stringMutations: Mutation[] = [
  {
    about: 'the last 64 bytes of a long string are mixed like the others',
    file: 'src/strings/fingerprint.ts',
    search: 'mix64(last, view, length - 64, multiplier, 9n)',
    replacement: 'mix64(last, view, length - 64, k1, 9n)',
    test: recorded,
    name: 'fingerprints of 0 to 1000 bytes are its',
  },
  {
    about: 'a hash under a key forgets how long the string is',
    file: 'src/strings/siphash.ts',
    search: 'let last = BigInt(length & 0xff) << 56n;',
    replacement: 'let last = 0n;',
    test: recorded,
    name: 'hashes under keys, too',
  },
  {
    about: 'a mark of order is no character',
    file: 'src/strings/text.ts',
    search: "new TextDecoder('utf-8', { ignoreBOM: true })",
    replacement: "new TextDecoder('utf-8')",
    test: recorded,
    name: 'split into characters',
  },
  {
    about: 'n-grams go on into the next row',
    file: 'src/strings/text.ts',
    search: 'first + width <= end',
    replacement: 'first < end',
    test: recorded,
    name: 'n-grams',
  },
  {
    about: 'a word is taken for one that it begins with',
    file: 'src/strings/vocabulary.ts',
    search: 'if (ends[index]! - from !== end - start) return false;',
    replacement: '',
    test: 'test/strings/vocabulary.test.ts',
    name: 'has every word at its place, and no other',
  },
  {
    about: 'texts without a word make an empty axis, on which engines end',
    file: 'src/strings/run-steps.ts',
    search: 'if (length === 0) throw',
    replacement: 'if (length < 0) throw',
    test: 'test/strings/run-steps.test.ts',
    name: 'refuse texts without a word',
  },
  {
    about: 'a part of a request has the strings of the beginning',
    file: 'src/support/strings.ts',
    search: 'spans.map((place) => place - from).buffer',
    replacement: 'spans.buffer',
    test: 'test/support/strings.test.ts',
    name: 'are cut into rows and put together',
  },
  {
    about: 'strings may reach beyond the memory of a tensor',
    file: 'src/support/strings.ts',
    search: 'if (length < 0 || spans[index + 1]! > bytes.length)',
    replacement: 'if (length < 0)',
    test: 'test/support/strings.test.ts',
    name: 'that reach beyond their bytes are refused',
  },
  {
    about: 'requests share a batch whose rows are as long as its longest',
    file: 'src/onnx/layers/strings.ts',
    search: 'if (at && length === null) strings.batchDependent = true;',
    replacement: '',
    test: fixtures,
    name: 'text_vectorization_row ',
    family: 'strings',
  },
  {
    about: 'the mask token counts as unknown',
    file: 'src/strings/run-steps.ts',
    search: 'if (isMasked(string)) return mask!.index;',
    replacement: '',
    test: fixtures,
    name: 'string_lookup_mask_token ',
    family: 'strings',
  },
  {
    about: 'special tokens that a learned vocabulary begins with count as terms',
    file: 'src/onnx/layers/lookup.ts',
    search: 'const tokens = isWhole ? given.slice(first) : given;',
    replacement: 'const tokens = given;',
    test: fixtures,
    name: 'text_vectorization_adapted_int ',
    family: 'strings',
  },
];
