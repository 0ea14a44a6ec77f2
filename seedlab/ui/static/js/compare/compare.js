// Two to four pictures compared: by a seam, side by side, in turns, or by what differs, with zoom and pan in step.
import { reducedMotion } from '../dom.js';
import { render } from '../lit.js';
import { FIT, findActual, zoomAt } from '../state/zoom.js';
import { listenToStage } from './gestures.js';
import { drawDifference, readPixels } from './pixels.js';
import { compareView, MODES } from './view.js';

const FLICKER = 600; // milliseconds that each picture is shown
const LARGEST = 16; // pixels of the screen for each of a picture, at most

// `ask` is called with the places of the pictures, and asks the server what differs.
export class Compare {
  constructor(ask) {
    Object.assign(this, { ask, dialog: null, places: [], opener: null, timer: null, pixels: null, name: null });
  }

  open(places, tiles, opener) {
    this.close();
    Object.assign(this, { places, opener, pixels: null, gain: 8, message: '', fields: null, at: 0.5, zoom: FIT, front: tiles.length - 1, isFlickering: false });
    this.tiles = tiles;
    this.pair = [0, tiles.length - 1];
    this.dialog = document.body.appendChild(Object.assign(document.createElement('dialog'), { className: 'compare-box' }));
    this.dialog.setAttribute('aria-label', 'Compare pictures');
    this.dialog.addEventListener('close', () => this.end());
    this.dialog.addEventListener('keydown', (event) => this.press(event));
    this.setMode(tiles.length === 2 ? 'slider' : 'side');
    this.dialog.showModal();
    listenToStage(this.dialog.querySelector('.stage'), this);
    this.ask(places);
  }

  close() {
    this.dialog?.close();
  }

  end() {
    clearInterval(this.timer);
    this.dialog.remove();
    this.dialog = null;
    this.opener?.focus({ preventScroll: true });
  }

  // Updates repeat the last answer of the server.
  take(comparison) {
    if (!this.dialog || !comparison || comparison.name === this.name) return;
    this.name = comparison.name;
    const isOfThese = JSON.stringify(comparison.places) === JSON.stringify(this.places.map(({ round, index }) => [round, index]));
    if (!isOfThese) return;
    this.fields = comparison.fields;
    this.draw();
  }

  draw() {
    if (this.dialog) render(compareView(this, this), this.dialog);
  }

  get limits() {
    const pane = this.dialog.querySelector('.pane').getBoundingClientRect();
    const actual = findActual(this.tiles[0], pane);
    return { actual, most: Math.max(8, actual * LARGEST), box: pane };
  }

  get isSeamMoved() {
    return this.mode === 'slider' && this.zoom.zoom === 1;
  }

  setMode(mode) {
    this.mode = mode;
    this.setFlicker(mode === 'flicker' && !reducedMotion.matches);
    this.zoom = FIT;
    this.draw();
    if (mode === 'difference') this.showDifference();
  }

  setZoom(zoom) {
    this.zoom = zoom;
    this.draw();
  }

  fit() {
    this.setZoom(FIT);
  }

  showActual() {
    this.zoomTo(this.limits.actual);
  }

  zoomTo(level) {
    const { box, most } = this.limits;
    this.setZoom(zoomAt(this.zoom, level / this.zoom.zoom, { x: box.width / 2, y: box.height / 2 }, box, most));
  }

  moveSeam(part) {
    this.at = Math.min(1, Math.max(0, part));
    this.draw();
  }

  // Lays another picture over the first.
  choose(index) {
    this.pair = [0, index];
    this.pixels = null;
    this.draw();
    if (this.mode === 'difference') this.showDifference();
  }

  setFlicker(isOn) {
    clearInterval(this.timer);
    this.isFlickering = isOn;
    if (isOn) this.timer = setInterval(() => this.flip(), FLICKER);
  }

  toggleFlicker() {
    this.setFlicker(!this.isFlickering);
    this.draw();
  }

  flip() {
    this.front = (this.front + 1) % this.tiles.length;
    this.draw();
  }

  setGain(gain) {
    this.gain = gain;
    this.showDifference();
  }

  async showDifference() {
    const { pair, tiles, dialog } = this;
    const pixels = this.pixels || await readPixels(...pair.map((index) => tiles[index])).catch(() => null);
    if (this.dialog !== dialog || this.pair !== pair) return; // another pair was chosen meanwhile
    this.pixels = pixels;
    if (this.mode !== 'difference') return;
    this.message = pixels?.words || 'A picture’s file is not in the store any more.';
    if (pixels) drawDifference(dialog.querySelector('canvas'), pixels, this.gain);
    this.draw();
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input')) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const mode = MODES.find((each) => each.key === key)?.mode;
    const action = mode ? () => this.setMode(mode) : this.listKeys(event.target)[key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  listKeys(target) {
    return {
      ' ': target.closest('button') ? null : () => (this.mode === 'flicker' ? this.flip() : this.close()),
      ArrowLeft: this.mode === 'slider' ? () => this.moveSeam(this.at - 0.02) : null,
      ArrowRight: this.mode === 'slider' ? () => this.moveSeam(this.at + 0.02) : null,
      c: () => this.close(),
      0: () => this.fit(),
      1: () => this.showActual(),
      '+': () => this.zoomTo(this.zoom.zoom * 1.5),
      '-': () => this.zoomTo(this.zoom.zoom / 1.5),
    };
  }
}
