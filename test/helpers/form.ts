const boundary = 'form-boundary';

/** A form with one part, as bytes: whole unless it is cut. */
export function form(
  content: Buffer | string,
  { field = 'image', file = 'photo.jpg' as string | null, type = 'image/jpeg' } = {},
): { headers: Record<string, string>; payload: Buffer } {
  const disposition = `form-data; name="${field}"${file === null ? '' : `; filename="${file}"`}`;
  const head = `--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${type}\r\n\r\n`;
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    payload: Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}

/** A form with these fields, in their order: texts, and files with their names. */
export async function formOf(
  ...fields: (readonly [name: string, text: string] | readonly [name: string, file: Buffer, fileName: string])[]
): Promise<{ headers: Record<string, string>; payload: Buffer }> {
  const data = new FormData();
  for (const [name, value, fileName] of fields)
    if (typeof value === 'string') data.append(name, value);
    else data.append(name, new Blob([new Uint8Array(value)]), fileName);
  const response = new Response(data);
  const headers = { 'content-type': response.headers.get('content-type')! };
  return { headers, payload: Buffer.from(await response.arrayBuffer()) };
}
