import type { Fitted } from '../../pickle/transformer.js';
import type { Fitting } from '../steps.js';
import { type TableColumn, widthOf } from './columns.js';

/** A fitted transformer of scikit-learn, which gets the columns before the model does. */
export interface FittedTable {
  /** Its file. */
  file: string;
  transformer: Fitted;
  /** Which of its columns each column of the table is. */
  places: readonly number[];
  /** How many numbers it makes of a row. */
  width: number;
  /** Its columns, where the card has them. */
  named?: readonly TableColumn[];
  /** How many categories each column of the table has that the card encodes for it; their numbers are taken, too. */
  encoded?: ReadonlyMap<string, number>;
  /** Those of its columns that it does nothing with. */
  unused: readonly string[];
}

/** What is known of a table: the columns of one row, in the order of the tensor. */
export interface TableSpec {
  columns: readonly TableColumn[];
  /** What is done with the columns, which are as they are sent. */
  fitted?: FittedTable;
  /** Names that may come and are passed over. */
  ignored?: readonly string[];
  /** Whether the model takes texts, not numbers. */
  texts?: true;
  /** Whether a datapoint is a list of rows, the oldest first. */
  hasSteps?: true;
  /** How such a list is fitted to an axis of one size. */
  fitting?: Fitting;
}

/** How many numbers of the model a row is. */
export const widthOfTable = ({ columns }: TableSpec): number =>
  columns.reduce((sum, column) => sum + widthOf(column), 0);
