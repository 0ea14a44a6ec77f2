// The thumbnails of the tabs. The browser keeps them: the pictures of rounds that are not on the screen are not loaded.
import { locate, readStorage, writeStorage } from '../dom.js';
import { choosePicture, nameRound, THUMBS_KEY } from '../state/tabs.js';
import { centre } from './arrange.js';

const SIDE = 64; // pixels
const MOST = 200;

export class Tabs {
  // `saved` has the rounds as they are saved; `redraw` shows a new thumbnail.
  constructor(view, saved, redraw) {
    Object.assign(this, { view, saved, redraw, names: new Map(), making: new Set(), shown: '' });
    this.thumbs = read();
  }

  // The first rounds with their thumbnails, '' for none yet.
  list() {
    return this.view.roots.map((root) => {
      const thumb = this.thumbs[root.id];
      return { ...root, picture: thumb && thumb.round === this.name(root.id) ? thumb.picture : '' };
    });
  }

  // Asked for on every update, and slow to compute.
  name(id) {
    const text = this.saved.rounds.get(id)?.text;
    if (!text) return '';
    if (this.names.get(id)?.text !== text) this.names.set(id, { text, name: nameRound(text) });
    return this.names.get(id).name;
  }

  // Makes the thumbnails of first rounds that have another picture now.
  async take() {
    const made = await Promise.all(this.listIds().filter((id) => this.view.known.has(id)).map((id) => this.make(id)));
    if (!made.some(Boolean)) return;
    this.write();
    this.redraw();
  }

  // Of the first rounds, the one on the screen included: its label may come later.
  listIds() {
    const { labels, path } = this.view;
    return [...new Set([...labels.keys(), ...path.slice(0, 1)])];
  }

  // Returns whether there is a new one. A round that is not saved yet has no name: its thumbnail is made with a later update,
  // when another round may be on the screen.
  async make(id) {
    const data = this.view.known.get(id);
    const url = data.tiles[choosePicture(data)]?.url;
    const round = url ? this.name(id) : '';
    const [thumb, key] = [this.thumbs[id], `${id} ${url}`];
    if (!round || this.making.has(key) || (thumb?.round === round && thumb.url === url)) return false;
    this.making.add(key);
    const picture = await shrink(locate(url));
    this.making.delete(key);
    if (picture) this.thumbs[id] = { round, url, picture };
    return Boolean(picture);
  }

  write() {
    const ids = this.listIds().sort((a, b) => b - a).filter((id) => this.thumbs[id]);
    this.thumbs = Object.fromEntries(ids.slice(0, MOST).map((id) => [id, this.thumbs[id]]));
    writeStorage(THUMBS_KEY, JSON.stringify(this.thumbs));
  }

  // Scrolls to the current tab, but only when it changes, so as not to fight the user's scrolling.
  reveal(row) {
    const key = this.view.roots.map(({ id, current }) => `${id}${current}`).join();
    if (key === this.shown) return;
    this.shown = key;
    requestAnimationFrame(() => centre(row, row.querySelector('[aria-current]')));
  }
}

function read() {
  try {
    return JSON.parse(readStorage(THUMBS_KEY)) || {};
  } catch {
    return {}; // none, or damaged
  }
}

// Returns the middle of a picture as a data URI; '' if the store has deleted it.
async function shrink(source) {
  const picture = Object.assign(new Image(), { src: source });
  try {
    await picture.decode();
  } catch {
    return '';
  }
  const { naturalWidth: width, naturalHeight: height } = picture;
  const side = Math.min(width, height);
  const canvas = Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE });
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
  return canvas.toDataURL('image/webp', 0.8);
}
