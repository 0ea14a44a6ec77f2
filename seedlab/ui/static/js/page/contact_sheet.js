// A contact sheet as PNG: pictures with captions, or a round with two axes and its headings.
import { locate, saveBlob } from '../dom.js';

const MAX_PIXELS = 2 ** 24; // the largest canvas of phones
const [PAPER, INK] = ['#faf8f4', '#22201c'];

// The number of columns that makes a sheet about as wide as it is high, for pictures of this shape.
export const countColumns = (count, ratio) => Math.min(count, Math.max(1, Math.round(Math.sqrt(count / ratio))));

// Draws the finished pictures of a round with two axes; the places of others stay empty.
export async function downloadMatrix({ title, table, tiles }) {
  const plan = planSheet(tiles, table.columns.length);
  plan.left = measureRows(table.rows, plan.size, plan.width);
  plan.top = 2 * plan.size;
  const context = beginSheet(plan, table.rows.length);
  drawHeadings(context, table, plan);
  await drawPictures(context, tiles, plan);
  saveSheet(context, title);
}

// Draws pictures, with captions below.
export async function downloadSheet(title, tiles) {
  const [{ width, height }] = tiles;
  const columns = countColumns(tiles.length, width / height);
  const plan = { ...planSheet(tiles, columns), gap: Math.round(width / 32) };
  plan.below = Math.round(plan.size * 1.8);
  plan.left = plan.top = plan.gap;
  const context = beginSheet(plan, Math.ceil(tiles.length / columns));
  await drawPictures(context, tiles, plan);
  drawCaptions(context, tiles, plan);
  saveSheet(context, title);
}

// Sizes in pixels: of the largest picture, of the letters, of the margins, and of what is between and below pictures.
function planSheet(tiles, columns) {
  const [width, height] = ['width', 'height'].map((side) => Math.max(...tiles.map((tile) => tile[side])));
  return { columns, width, height, size: Math.max(11, Math.round(Math.min(width, height) / 16)), left: 0, top: 0, gap: 0, below: 0 };
}

function beginSheet({ columns, width, height, left, top, gap, below }, rows) {
  const full = [left + columns * (width + gap), top + rows * (height + below + gap)];
  const scale = Math.min(1, Math.sqrt(MAX_PIXELS / (full[0] * full[1])));
  const [x, y] = full.map((side) => Math.floor(side * scale));
  const context = Object.assign(document.createElement('canvas'), { width: x, height: y }).getContext('2d');
  context.scale(scale, scale);
  context.fillStyle = PAPER;
  context.fillRect(0, 0, ...full);
  return context;
}

const place = (index, { columns, width, height, left, top, gap, below }) => [left + (index % columns) * (width + gap), top + Math.floor(index / columns) * (height + below + gap)];

const drawPictures = (context, tiles, plan) => Promise.all(tiles.map(async (tile, index) => {
  const picture = tile.url && await load(locate(tile.url));
  if (picture) context.drawImage(picture, ...place(index, plan), tile.width, tile.height);
}));

function drawCaptions(context, tiles, plan) {
  prepareText(context, plan.size);
  tiles.forEach((tile, index) => {
    const [x, y] = place(index, plan);
    const words = tile.caption ? `${tile.seed}  ${tile.caption}` : `Seed ${tile.seed}`;
    context.fillText(shorten(context, words, plan.width), x, y + plan.height + plan.below / 2);
  });
}

function drawHeadings(context, { columns, rows }, { left, top, width, height, size }) {
  prepareText(context, size);
  context.textAlign = 'center';
  for (const [index, text] of columns.entries()) context.fillText(shorten(context, text, width - size / 2), left + (index + 0.5) * width, top / 2);
  context.textAlign = 'right';
  for (const [index, text] of rows.entries()) context.fillText(shorten(context, text, left - size / 2), left - size / 2, top + (index + 0.5) * height);
}

function prepareText(context, size) {
  Object.assign(context, { fillStyle: INK, font: `${size}px sans-serif`, textBaseline: 'middle' });
}

function measureRows(rows, size, limit) {
  const context = document.createElement('canvas').getContext('2d');
  prepareText(context, size);
  return Math.min(limit, Math.ceil(Math.max(...rows.map((row) => context.measureText(row).width))) + size);
}

function shorten(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let letters = [...text];
  while (letters.length && context.measureText(`${letters.join('')}…`).width > width) letters = letters.slice(0, -1);
  return `${letters.join('')}…`;
}

async function load(source) {
  const picture = Object.assign(new Image(), { src: source });
  try {
    await picture.decode();
    return picture;
  } catch {
    return null; // the store has deleted it since
  }
}

const saveSheet = ({ canvas }, title) => canvas.toBlob((blob) => blob && saveBlob(blob, `${title}.png`));
