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
