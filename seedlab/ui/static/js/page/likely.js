// Tells the server which tile the user rests on: what a click on it will ask for can be made ahead.
import { findPlace } from './gestures.js';

const REST = 400; // milliseconds

export class Likely {
  constructor(send) {
    Object.assign(this, { send, timer: null });
  }

  listen(row) {
    for (const kind of ['pointerover', 'focusin']) row.addEventListener(kind, ({ target }) => this.expect(target));
    row.addEventListener('pointerleave', () => clearTimeout(this.timer));
  }

  expect(target) {
    clearTimeout(this.timer);
    const figure = target.closest?.('.tile[data-state="done"]');
    if (figure) this.timer = setTimeout(() => this.send('likely', findPlace(figure)), REST);
  }
}
