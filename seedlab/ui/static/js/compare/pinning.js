// Which pictures are compared: those that are pinned, a selection, or a picture and its parent.
import { choosePair, isSame, MOST } from '../state/pairs.js';
import { findTile } from '../state/updates.js';
import { Compare } from './compare.js';

export class Pinning {
  // `redraw` renders all rounds, `ask` asks the server what differs.
  constructor(view, redraw, ask) {
    Object.assign(this, { view, redraw, pins: readPins() });
    this.box = new Compare((places) => ask({ places: places.map(({ round, index }) => [round, index]) }));
  }

  isPinned(at) {
    return this.pins.some((pin) => isSame(pin, at));
  }

  // Pins a picture, or lets it go.
  pin(at) {
    this.pins = this.isPinned(at) ? this.pins.filter((pin) => !isSame(pin, at)) : [...this.pins.slice(1 - MOST), at];
    writePins(this.pins);
    this.redraw();
  }

  canCompare(at) {
    return choosePair(this.view, at, this.pins) !== null;
  }

  compareWith(at) {
    const places = choosePair(this.view, at, this.pins);
    if (places) this.compare(places);
  }

  compare(places) {
    this.box.open(places, places.map((at) => findTile(this.view, at)), document.activeElement);
  }

  take(comparison) {
    this.box.take(comparison);
  }
}

const KEY = 'seedlab-pins';

// They outlive a reload of this tab: the ids of rounds do, too.
function readPins() {
  try {
    const pins = JSON.parse(sessionStorage.getItem(KEY)) || [];
    return pins.filter(({ round, index }) => Number.isSafeInteger(round) && Number.isSafeInteger(index)).slice(-MOST);
  } catch {
    return []; // none, or damaged, or storage is blocked
  }
}

function writePins(pins) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(pins.map(({ round, index }) => ({ round, index }))));
  } catch {
    // They are forgotten with the page.
  }
}
