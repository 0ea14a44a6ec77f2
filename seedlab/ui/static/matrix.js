// A round with two axes: a table with headings, and a contact sheet of it as PNG.
const MAX_PIXELS = 2 ** 24; // the largest canvas of phones

function makeMatrix({ columns, rows }, figures, label) {
  const head = makeRow('columnheader', [make('span', 'corner', { role: 'columnheader', 'aria-hidden': 'true' })], columns);
  const lines = rows.map((row, index) => {
    const cells = figures.slice(index * columns.length, (index + 1) * columns.length).map((figure) => make('div', 'cell', { role: 'cell' }, figure));
    return makeRow('rowheader', [], [row], cells);
  });
  const table = make('div', 'matrix', { role: 'table', 'aria-labelledby': label, tabindex: '-1' }, head, ...lines);
  table.style.setProperty('--columns', columns.length);
  return table;
}

function makeDownload(find) {
  const button = make('button', 'tool', { type: 'button', title: 'Download the matrix as PNG', 'aria-label': 'Download the matrix as PNG' }, makeIcon('save'));
  button.addEventListener('click', () => downloadMatrix(find()));
  return button;
}

function makeRow(role, before, headings, after = []) {
  const spans = headings.map((text) => make('span', role, { role, title: text }, make('span', '', {}, document.createTextNode(text))));
  return make('div', 'line', { role: 'row' }, ...before, ...spans, ...after);
}

// Draws the finished pictures with their headings; the places of others stay empty.
async function downloadMatrix({ title, table, tiles }) {
  const [width, height] = ['width', 'height'].map((side) => Math.max(...tiles.map((tile) => tile[side])));
  const size = Math.max(11, Math.round(Math.min(width, height) / 16));
  const [left, top] = [measureRows(table.rows, size, width), 2 * size];
  const full = [left + table.columns.length * width, top + table.rows.length * height];
  const scale = Math.min(1, Math.sqrt(MAX_PIXELS / (full[0] * full[1])));
  const canvas = make('canvas', '', { width: Math.floor(full[0] * scale), height: Math.floor(full[1] * scale) });
  const context = canvas.getContext('2d');
  context.scale(scale, scale);
  context.fillStyle = '#faf8f4';
  context.fillRect(0, 0, ...full);
  drawHeadings(context, table, { left, top, width, height, size });
  await Promise.all(tiles.map(async (tile, index) => {
    const picture = tile.url && await load(locate(tile.url));
    const at = [left + (index % table.columns.length) * width, top + Math.floor(index / table.columns.length) * height];
    if (picture) context.drawImage(picture, ...at, tile.width, tile.height);
  }));
  canvas.toBlob((blob) => blob && saveBlob(blob, `${title}.png`));
}

const font = (size) => `${size}px sans-serif`;

function measureRows(rows, size, limit) {
  const context = make('canvas').getContext('2d');
  context.font = font(size);
  return Math.min(limit, Math.ceil(Math.max(...rows.map((row) => context.measureText(row).width))) + size);
}

function drawHeadings(context, { columns, rows }, { left, top, width, height, size }) {
  context.fillStyle = '#22201c';
  context.font = font(size);
  context.textBaseline = 'middle';
  context.textAlign = 'center';
  columns.forEach((text, index) => context.fillText(shorten(context, text, width - size / 2), left + (index + 0.5) * width, top / 2));
  context.textAlign = 'right';
  rows.forEach((text, index) => context.fillText(shorten(context, text, left - size / 2), left - size / 2, top + (index + 0.5) * height));
}

function shorten(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let letters = [...text];
  while (letters.length && context.measureText(`${letters.join('')}…`).width > width) letters = letters.slice(0, -1);
  return `${letters.join('')}…`;
}

async function load(source) {
  const picture = new Image();
  picture.src = source;
  try {
    await picture.decode();
    return picture;
  } catch {
    return null; // the store has deleted it since
  }
}

function saveBlob(blob, name) {
  const link = make('a', '', { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
