import type { ModelCard } from '../../schemas/card.js';
import type { OptimizedModel } from '../inference/compile-messages.js';

/** Why something in a card is as it is, or what is wrong with what was found: a line for the log. */
export interface CardNote {
  level: 'info' | 'warn';
  message: string;
}

/** A card with what was worked out, and the reasons. */
export interface WorkedOutCard {
  card: ModelCard;
  notes: CardNote[];
}

/** Where a card is to be worked out. */
export interface CardSources {
  /** The model file, beside which other files may tell the labels. */
  file: string;
  /** Another folder that may have such files. */
  folder?: string;
  /** The card as far as there is one: what it says is kept. */
  given?: ModelCard;
}

/** Works out what a card leaves out, of files beside the model file and of what the model gives away. */
export async function workOutCard(_model: OptimizedModel, { given = {} }: CardSources): Promise<WorkedOutCard> {
  return { card: given, notes: [] };
}
