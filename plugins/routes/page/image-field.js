import { make, newId } from './dom.js';

/** A zone that takes a picture: chosen, dropped or pasted. @param changed is told of each picture */
export function imageField({ name, card = {} }, { isOnly, changed }) {
  const hint = newId();
  const preview = make('img', { className: 'preview', alt: '', hidden: true, onerror: () => (preview.hidden = true) });
  const words = make('strong', { textContent: 'Choose a picture' });
  const detail = make('span', { textContent: 'or drop or paste one anywhere on this page' });
  const input = make('input', {
    type: 'file',
    accept: 'image/*',
    'aria-label': isOnly ? 'Picture' : name,
    'aria-describedby': hint,
    onchange() {
      if (input.files.length > 0) take(input.files[0]);
      input.value = '';
    },
  });
  const zone = make('label', { className: 'drop' }, input, preview, make('span', { id: hint, className: 'hint' }, words, detail));
  let picture;

  /** Shows a picture, without telling of it. */
  function show(file) {
    URL.revokeObjectURL(preview.src);
    picture = file;
    preview.hidden = !file;
    zone.classList.toggle('filled', Boolean(file));
    words.textContent = file ? 'Choose another picture' : 'Choose a picture';
    detail.textContent = file ? file.name : 'or drop or paste one anywhere on this page';
    if (!file) return preview.removeAttribute('src');
    preview.src = URL.createObjectURL(file);
    preview.alt = `Your picture: ${file.name}`;
  }

  function take(file) {
    show(file);
    changed();
  }

  const size = Array.isArray(card.size) ? `Brought to ${card.size[1]} × ${card.size[0]} pixels.` : '';
  const element = isOnly ? zone : make('div', { className: 'field' }, make('span', { className: 'name', textContent: name }), zone);
  if (size && !isOnly) element.append(make('small', { textContent: size }));
  return { element, zone, take, picture: () => picture, value: () => picture, state: () => picture, restore: show };
}

/** Lets pictures be dropped and pasted anywhere on the page. @param fields gives those that there are at the time */
export function takePictures(fields) {
  const take = (event, data) => {
    const files = [...(data?.files ?? [])];
    const zones = fields();
    if (zones.length === 0 || files.length === 0) return;
    event.preventDefault();
    const under = zones.find(({ zone }) => event.target instanceof Node && zone.contains(event.target));
    // One by one into the zones that are empty; where none is, into the first.
    const free = zones.filter((field) => !field.picture());
    const open = under ? [under, ...free.filter((field) => field !== under)] : free.length > 0 ? free : zones;
    for (const [index, file] of files.slice(0, open.length).entries()) open[index].take(file);
  };
  const drag = (isOver) => document.body.classList.toggle('dragging', isOver);
  addEventListener('paste', (event) => take(event, event.clipboardData));
  addEventListener('drop', (event) => {
    if (fields().length > 0) event.preventDefault();
    drag(false);
    take(event, event.dataTransfer);
  });
  addEventListener('dragover', (event) => {
    if (fields().length === 0) return;
    event.preventDefault();
    drag(true);
  });
  addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) drag(false);
  });
}
