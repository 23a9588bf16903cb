/** A label of the card: a WordNet id with a name, or a name alone. */
export type Label = string | readonly [wordnetId: string, name: string];

/** A class and how likely the model finds it. */
export interface Prediction {
  label: string;
  /** The model's own number: a probability where its last layer makes probabilities. */
  probability: number;
  /** Where the card has it, such as `n02088364`. */
  wordnetId?: string;
}
