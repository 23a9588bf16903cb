/** Why something in a card is as it is, or what is wrong with what was found: a line for the log. */
export interface CardNote {
  level: 'info' | 'warn';
  message: string;
  /** How to change it. */
  advice?: string;
  /** Whether it is not about one model: it is said once for all. */
  general?: boolean;
}

/** A note as a line of a log. */
export const noteLine = ({ message, advice }: CardNote): string => (advice ? `${message}; ${advice}` : message);
