/** Whose key it is, and what it is for. */
export interface KeyHolder {
  /** What the operator calls it, in log and metrics; it is no secret. */
  readonly name: string;
  /** Names of the models that it is for, in Unicode's normal form C; all of them where it is left out. */
  readonly models?: readonly string[];
  /** Whether it is for what concerns other holders too. */
  readonly admin: boolean;
}
