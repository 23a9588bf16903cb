import { settingRows } from '../src/settings/config.js';

const marks = { start: '<!-- options: written by npm run readme -->\n', end: '<!-- /options -->' };

/** Every option as a Markdown table. */
function optionsTable(): string {
  const code = (text: string) => `\`${text}\``;
  const rows = settingRows().map(({ flag, environment, fallback, description }) => [
    code(flag),
    environment.split(', ').map(code).join(', '),
    fallback,
    description,
  ]);
  return [['flag', 'environment', 'default', 'what it does'], ['---', '---', '---', '---'], ...rows]
    .map((row) => `| ${row.join(' | ')} |\n`)
    .join('');
}

/** The README with its table of options as it should be. */
export function withOptions(readme: string): string {
  const start = readme.indexOf(marks.start) + marks.start.length;
  return `${readme.slice(0, start)}\n${optionsTable()}\n${readme.slice(readme.indexOf(marks.end))}`;
}
