const escapeText = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** A bar chart as SVG: one bar a row, the longest filling the width. */
export function barChart(title: string, bars: readonly { name: string; value: number }[]): string {
  const [width, label, height] = [800, 340, 30];
  const most = Math.max(...bars.map(({ value }) => value));
  const rows = bars.map(({ name, value }, index) => {
    const y = 50 + index * height;
    const length = Math.max(1, ((width - label - 80) * value) / most);
    const colour = name === 'keras-serve' ? '#d00000' : name.startsWith('bare') ? '#888' : '#9db4c0';
    return `<text x="${label - 10}" y="${y + 15}" text-anchor="end">${escapeText(name)}</text>
<rect x="${label}" y="${y}" width="${length.toFixed(1)}" height="20" fill="${colour}"/>
<text x="${(label + length + 6).toFixed(1)}" y="${y + 15}">${value.toFixed(1)}</text>`;
  });
  const total = 60 + bars.length * height;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" font-family="system-ui, sans-serif" font-size="13">
<rect width="${width}" height="${total}" fill="#fff"/>
<text x="${label}" y="28" font-size="16" font-weight="600">${escapeText(title)}</text>
${rows.join('\n')}
</svg>
`;
}
