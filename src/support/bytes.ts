/** Bytes of each unit that sizes are written in. */
export const byteUnits: Record<string, number> = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 };

/** A number of bytes as the settings write it: 10 MB. */
export function formatBytes(bytes: number): string {
  const [unit, size] = Object.entries(byteUnits).findLast(([, size]) => bytes >= size)!;
  return `${Math.round((bytes / size) * 10) / 10} ${unit === 'B' ? 'bytes' : unit}`;
}
