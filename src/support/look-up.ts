/** The entry of a table by a name that somebody else chose; those that every object has, like `constructor`, are none. */
export const lookUp = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;
