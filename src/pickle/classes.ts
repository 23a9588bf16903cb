import { functions } from './builders.js';
import { named, PickleError } from './error.js';
import { Instance, Known } from './values.js';

/** Classes whose objects are read as they lie, name and attributes, by the modules that ever had them. */
const instances: Record<string, readonly string[]> = {
  ...of(
    ['sklearn.preprocessing.data', 'sklearn.preprocessing._data'],
    ['StandardScaler', 'MinMaxScaler', 'MaxAbsScaler', 'RobustScaler', 'Normalizer', 'PowerTransformer'],
  ),
  ...of(
    ['sklearn.preprocessing.label', 'sklearn.preprocessing._label'],
    ['LabelEncoder', 'LabelBinarizer', 'MultiLabelBinarizer'],
  ),
  ...of(['sklearn.preprocessing._encoders', 'sklearn.preprocessing.data'], ['OneHotEncoder', 'OrdinalEncoder']),
  ...of(['sklearn.preprocessing._function_transformer'], ['FunctionTransformer']),
  ...of(['sklearn.impute', 'sklearn.impute._base'], ['SimpleImputer', 'MissingIndicator']),
  ...of(['sklearn.compose._column_transformer'], ['ColumnTransformer', '_RemainderColsList', 'make_column_selector']),
  ...of(['sklearn.pipeline'], ['Pipeline']),
  ...of(['sklearn.feature_extraction.text'], ['CountVectorizer', 'TfidfVectorizer', 'TfidfTransformer']),
  ...of(['scipy.sparse.dia', 'scipy.sparse._dia'], ['dia_matrix']),
  ...of(['scipy.sparse.csr', 'scipy.sparse._csr'], ['csr_matrix']),
  ...of(
    [
      'keras_preprocessing.text',
      'keras.preprocessing.text',
      'keras.src.preprocessing.text',
      'keras.src.legacy.preprocessing.text',
      'keras.legacy.preprocessing.text',
      'keras.api._v2.keras.preprocessing.text',
      'tf_keras.preprocessing.text',
      'tf_keras.src.preprocessing.text',
      'tensorflow.keras.preprocessing.text',
      'tensorflow.python.keras.preprocessing.text',
      'tensorflow.python.keras._impl.keras.preprocessing.text',
      'tensorflow.contrib.keras.python.keras.preprocessing.text',
      'tensorflow_core.python.keras.preprocessing.text',
    ],
    ['Tokenizer'],
  ),
  ...of(
    ['pandas', 'pandas.core.index', 'pandas.indexes.base', 'pandas.core.indexes.base', 'pandas.core.indexes.api'],
    ['Index'],
  ),
  ...of(['pandas', 'pandas.indexes.range', 'pandas.core.indexes.range'], ['RangeIndex']),
  ...of(
    ['pandas', 'pandas.core.indexes.numeric', 'pandas.indexes.numeric'],
    ['Int64Index', 'UInt64Index', 'Float64Index', 'NumericIndex'],
  ),
  ...of(['pandas', 'pandas.core.frame'], ['DataFrame']),
  ...of(['pandas.core.internals', 'pandas.core.internals.managers'], ['BlockManager']),
  ...of(['pandas', 'pandas.arrays', 'pandas.core.arrays.string_'], ['StringArray', 'StringDtype', 'ObjectStringArray']),
};

function of(modules: readonly string[], names: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(names.map((name) => [name, modules]));
}

/** Types and functions of arithmetic that objects have among their attributes: names, which nothing calls. */
const names: Record<string, readonly string[]> = {
  builtins: ['object', 'int', 'long', 'float', 'bool', 'str', 'unicode', 'type'],
  numpy: [
    ...['float16', 'float32', 'float64', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'],
    ...['bool', 'bool_', 'str_', 'object_', 'longlong', 'ulonglong', 'intc', 'uintc', 'number', 'integer', 'floating'],
    ...['ndarray', 'memmap', 'log1p', 'expm1', 'log', 'log2', 'log10', 'exp', 'sqrt', 'square'],
  ],
  'numpy.core.memmap': ['memmap'],
};

const table = new Map<string, Known>([
  ...Object.entries(instances).flatMap(([name, modules]) => {
    const known = new Known(name, (args) => new Instance(name, args));
    return modules.map((module) => [`${module}.${name}`, known] as const);
  }),
  ...Object.entries(names).flatMap(([module, all]) =>
    all.map((name) => [`${module}.${name}`, new Known(`${module}.${name}`)] as const),
  ),
  ...Object.entries(functions(findKnown)).map(([name, make]) => [name, new Known(name, make)] as const),
]);

/** What modules are called that were called otherwise once, or still are. */
const renamed: readonly [RegExp, string][] = [
  [/^__builtin__$/, 'builtins'],
  [/^copy_reg$/, 'copyreg'],
  [/^numpy\._?core\._multiarray_umath$/, 'numpy'],
  [/^numpy\._core\b/, 'numpy.core'],
  [/^sklearn\.externals\.joblib\b/, 'joblib'],
];

/** How to save again what can't be read. */
const advice: readonly [RegExp, string][] = [
  [/^joblib\..*NDArrayWrapper$/, 'It keeps its arrays in other files: save it again by a newer joblib'],
  [/^sklearn\.preprocessing\.\w+\.Imputer$/, 'Save a SimpleImputer in its place'],
];

/**
 * What a name stands for: data, or a name alone.
 * @param position in the file, for the message
 * @throws PickleError where the name isn't in the table
 */
export function findKnown(module: string, name: string, position: number): Known {
  const [pattern, current] = renamed.find(([old]) => old.test(module)) ?? [];
  const full = `${pattern ? module.replace(pattern, current!) : module}.${name}`;
  const known = table.get(full);
  if (known) return known;
  const [, hint] = advice.find(([old]) => old.test(full)) ?? [];
  throw new PickleError(
    'pickle_class_unknown',
    `names ${named(`${module}.${name}`)} (byte ${position}), which is none of the classes of data that are read: nothing of it was run${hint ? `. ${hint}` : ''}`,
  );
}
