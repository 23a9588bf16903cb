import { blobOf, make, newId, save } from './dom.js';
import { labelText, percent } from './numbers.js';

/** A colour for each class of a mask: far apart for classes that follow one another, and visible on any picture. */
const colourOf = (index) => {
  const hue = ((index * 137.508 + 350) % 360) / 360;
  const light = [0.55, 0.7, 0.42][index % 3];
  const channel = (offset) => {
    const at = (offset + hue * 12) % 12;
    return Math.round(255 * (light - 0.85 * Math.min(light, 1 - light) * Math.max(-1, Math.min(at - 3, 9 - at, 1))));
  };
  return [channel(0), channel(8), channel(4)];
};

/** What a file shows, or nothing where the browser can't read it. */
const show = (blob, properties) => {
  const image = make('img', { src: URL.createObjectURL(blob), ...properties });
  image.onerror = () => image.remove();
  return image;
};

/** A mask over the picture that it is of, with the names of its areas, each to be hidden, and a slider for how much shows through. */
export function maskAnswer({ width, height, png, areas }, { name, card = {} }, picture) {
  const file = blobOf(png, 'image/png');
  const labels = card.labels ?? [];
  const step = labels.length === 2 ? 255 : 1;
  // What is behind the things that a mask is about isn't coloured.
  const isBehind = (label) => label === 'background' || (step === 255 && label === labels[0]);
  const canvas = make('canvas', { width, height, role: 'img', 'aria-label': `The areas that the model finds: ${areas.map(({ label }) => labelText(label)).join(', ')}` });
  const hidden = new Set(areas.map(({ label }) => label).filter(isBehind));
  let classes;
  const draw = () => {
    if (!classes) return;
    const pixels = new ImageData(width, height);
    const colours = new Uint32Array(pixels.data.buffer);
    const table = Uint32Array.from({ length: 256 }, (_, value) => {
      const index = value / step;
      if (!Number.isInteger(index) || hidden.has(labels[index] ?? String(index))) return 0;
      const [red, green, blue] = colourOf(index);
      return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    });
    for (let at = 0; at < colours.length; at++) colours[at] = table[classes[at * 4]];
    canvas.getContext('2d').putImageData(pixels, 0, 0);
  };
  createImageBitmap(file, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' }).then((bitmap) => {
    const context = new OffscreenCanvas(width, height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    classes = context.getImageData(0, 0, width, height).data;
    draw();
  });
  const id = newId();
  const slider = make('input', {
    id,
    type: 'range',
    min: 0,
    max: 100,
    value: picture ? 60 : 100,
    oninput: () => canvas.style.setProperty('opacity', slider.value / 100),
  });
  canvas.style.setProperty('opacity', slider.value / 100);
  const legend = areas.map(({ label, fraction }) => {
    const index = Math.max(0, labels.indexOf(label));
    const swatch = make('span', { className: 'swatch', ariaHidden: 'true' });
    swatch.style.setProperty('--colour', `rgb(${colourOf(index).join(' ')})`);
    const check = make('input', {
      type: 'checkbox',
      checked: !hidden.has(label),
      onchange: () => {
        hidden[check.checked ? 'delete' : 'add'](label);
        draw();
      },
    });
    return make(
      'li',
      {},
      make('label', {}, check, swatch, make('span', { className: 'label', textContent: labelText(label) })),
      make('span', { className: 'share', textContent: percent(fraction) }),
    );
  });
  const layers = make('div', { className: 'layers' }, ...(picture ? [show(picture, { alt: 'Your picture' })] : []), canvas);
  layers.style.setProperty('--ratio', width / height);
  return make(
    'div',
    { className: 'stack' },
    layers,
    make('label', { className: 'slider', htmlFor: id }, 'Mask', slider),
    make('ul', { className: 'legend', 'aria-label': 'Areas' }, ...legend),
    saveButton(file, name),
  );
}

/** An image that the model makes, beside the one that it got. */
export function imageAnswer({ width, height, png }, { name }, picture) {
  const file = blobOf(png, 'image/png');
  const figure = (blob, alt) => make('figure', {}, show(blob, { alt }), make('figcaption', { textContent: alt }));
  const pictures = [...(picture ? [figure(picture, 'Your picture')] : []), figure(file, `The model’s picture, ${width} × ${height}`)];
  return make('div', { className: 'stack' }, make('div', { className: 'beside' }, ...pictures), saveButton(file, name));
}

const saveButton = (file, name) => make('button', { type: 'button', textContent: 'Download PNG', onclick: () => save(`${name}.png`, file) });
