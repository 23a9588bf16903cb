const recurrent = 'sequences initial_state mask training';
const attention = 'inputs mask training return_attention_scores use_causal_mask';
const multiHeadAttention =
  'query value key query_mask value_mask key_mask attention_mask return_attention_scores training use_causal_mask';
const cell = 'inputs states training';
const masked = 'inputs mask';

/** Parameters of `call` in Keras 3's order, by class. Others take `inputs` alone, and all take `training`. */
const parameters: Record<string, string> = {
  AdditiveAttention: attention,
  Attention: attention,
  BatchNormalization: 'inputs training mask',
  Bidirectional: recurrent,
  CategoryEncoding: 'inputs count_weights',
  ConvLSTM1D: recurrent,
  ConvLSTM2D: recurrent,
  ConvLSTM3D: recurrent,
  Functional: 'inputs training mask',
  GRU: recurrent,
  GRUCell: cell,
  GlobalAveragePooling1D: masked,
  GroupNormalization: masked,
  GroupQueryAttention: multiHeadAttention,
  LSTM: recurrent,
  LSTMCell: cell,
  MultiHeadAttention: multiHeadAttention,
  Pipeline: 'inputs training mask',
  RNN: recurrent,
  ReversibleEmbedding: 'inputs reverse',
  Sequential: 'inputs training mask',
  SimpleRNN: recurrent,
  SimpleRNNCell: cell,
  Softmax: masked,
  StackedRNNCells: cell,
  TimeDistributed: 'inputs training mask',
};

/** What the first parameter of a layer is called, in one Keras or another. */
const firstNames: ReadonlySet<string> = new Set(['inputs', 'sequences', 'sequence', 'data', 'x']);

/** The name by which {@link bindArguments} gives the first argument. */
export const firstParameter = (className: string): string => parametersOf(className)[0]!;

const parametersOf = (className: string): string[] =>
  (Object.hasOwn(parameters, className) ? parameters[className]! : 'inputs').split(' ');

/**
 * The arguments of a layer's call by the names of Keras's parameters, however they were given. Those that have no parameter are
 * among them: `argument 2` where they were given by their place.
 */
export function bindArguments<T>(
  className: string,
  args: readonly T[],
  kwargs: Readonly<Record<string, T>>,
): Map<string, T> {
  const names = parametersOf(className);
  const bound = args.map((argument, index): [string, T] => [names[index] ?? `argument ${index + 1}`, argument]);
  const named = Object.entries(kwargs).map(([name, argument]): [string, T] => [
    firstNames.has(name) ? names[0]! : name,
    argument,
  ]);
  return new Map([...bound, ...named]);
}
