// Chooses by pairs: of two pictures at a time, which is better? The server ranks them (seedlab/workflow/gallery/pairs.py).
import { locate } from '../dom.js';
import { ask } from '../gallery/server.js';
import { html, nothing, render, repeat } from '../lit.js';
import { Comparisons } from '../state/comparisons.js';
import { joinPrompt } from '../views/tile.js';

export const LEAST = 3; // two can be compared
const BEST = 4;

const nameTile = ({ seed, caption }) => (caption ? `Seed ${seed} · ${caption}` : `Seed ${seed}`);

export class Ranks {
  constructor() {
    Object.assign(this, { dialog: null, tiles: [], comparisons: null });
  }

  // `page` has the functions show(order) and keep(best, others), with places in `tiles`.
  open(tiles, page) {
    const comparisons = new Comparisons((outcomes) => ask('rank', { count: tiles.length, outcomes }));
    Object.assign(this, { tiles, page, comparisons, first: null, best: Math.min(BEST, tiles.length - 1), opener: document.activeElement });
    this.dialog = document.body.appendChild(Object.assign(document.createElement('dialog'), { className: 'compare-box pairs-box' }));
    this.dialog.setAttribute('aria-label', 'Choose by pairs');
    Object.assign(this.dialog, { tabIndex: -1, autofocus: true }); // a ring around one of two pictures would favour it
    this.dialog.addEventListener('close', () => this.end());
    this.dialog.addEventListener('keydown', (event) => this.press(event));
    this.draw();
    this.dialog.showModal();
    this.start();
  }

  end() {
    const { outcomes, ranking } = this.comparisons;
    if (outcomes.length) this.page.show(ranking.order);
    this.dialog.remove();
    this.dialog = null;
    this.opener?.focus?.({ preventScroll: true });
  }

  // Esc shows the order first, and closes it the second time.
  finish() {
    if (!this.comparisons.pair || !this.comparisons.outcomes.length) this.dialog.close();
    else {
      this.comparisons.end();
      this.draw();
    }
  }

  start() {
    this.follow(this.comparisons.rank([]));
  }

  choose(better) {
    this.follow(this.comparisons.choose(better));
  }

  undo() {
    this.follow(this.comparisons.undo());
  }

  async follow(answer) {
    const { dialog } = this;
    await answer;
    if (this.dialog === dialog) this.draw();
  }

  keep() {
    const { order } = this.comparisons.ranking;
    this.page.keep(order.slice(0, this.best), order.slice(this.best));
    this.dialog.close();
  }

  draw() {
    const hadFocus = this.dialog.contains(document.activeElement);
    render(pairsView({ ...this.comparisons, pair: this.comparisons.pair, tiles: this.tiles, best: this.best }, this), this.dialog);
    const first = this.dialog.querySelector('[data-first]');
    // The keys need it in the dialog, and a button that is gone has lost it.
    if (first !== this.first) (first || this.dialog).focus();
    else if (hadFocus && !this.dialog.contains(document.activeElement)) this.dialog.focus();
    this.first = first;
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input')) return;
    const act = {
      Escape: () => this.finish(), ArrowLeft: () => this.choose(1), ArrowRight: () => this.choose(2), ArrowDown: () => this.choose(0), '=': () => this.choose(0),
      u: () => this.undo(), Backspace: () => this.undo(),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

// `shown`: tiles, outcomes, ranking (null until the first answer), message, and best, how many are to be kept.
const pairsView = (shown, box) => html`<header><h2>${shown.pair || !shown.ranking ? 'Which is better?' : 'Your order'}</h2><p role="status">${describe(shown)}</p
  ><button type="button" class="close" title="Close (Esc)" aria-label="Close" @click=${() => box.finish()}>×</button></header
  >${shown.pair || !shown.ranking ? questionView(shown, box) : orderView(shown, box)}`;

function describe({ message, ranking, outcomes, tiles }) {
  if (message) return message;
  if (!ranking) return 'Choosing two…';
  const made = outcomes.length === 1 ? '1 comparison' : `${outcomes.length} comparisons`;
  return ranking.pair ? `${made}, about ${ranking.left} left for all ${tiles.length}. Esc ends.` : `${tiles.length} pictures after ${made}.`;
}

const questionView = ({ pair, tiles, outcomes, message }, box) => html`<div class="two">${(pair || []).map((place, side) => html`<button type="button" class="candidate"
    title=${side ? 'This one (→)' : 'This one (←)'} aria-label=${`${side ? 'Right' : 'Left'}: ${nameTile(tiles[place])}, ${joinPrompt(tiles[place])}`} @click=${() => box.choose(side + 1)}
    ><img alt="" decoding="sync" draggable="false" src=${locate(tiles[place].url)}></button>`)}</div
  ><div class="controls"><button type="button" ?hidden=${pair || !message} @click=${() => box.start()}>Try again</button
    ><button type="button" title="Equal (↓)" ?hidden=${!pair} @click=${() => box.choose(0)}>Equal</button
    ><button type="button" title="Undo (U)" ?hidden=${!outcomes.length} @click=${() => box.undo()}>Undo</button
    ><button type="button" title="End, and show the order (Esc)" ?hidden=${!outcomes.length} @click=${() => box.finish()}>Show the order</button></div>`;

const orderView = ({ ranking, tiles, best }, box) => html`<ol class="order">${repeat(ranking.order, (place) => place, (place, index) => html`<li class=${index < best ? 'best' : nothing}
    ><img alt="" src=${locate(tiles[place].url)}><span><b>${index + 1}</b> ${nameTile(tiles[place])}</span></li>`)}</ol
  ><div class="controls"><label>Keep the best <input type="number" min="1" max=${tiles.length} .value=${String(best)} @input=${({ target }) => setBest(target, box)}></label
    ><button type="button" class="primary" data-first @click=${() => box.keep()}>${best === 1 ? 'Keep 1 picture' : `Keep ${best} pictures`}</button
    ><button type="button" title="Undo (U)" @click=${() => box.undo()}>Undo the last comparison</button></div>`;

function setBest({ value, max }, box) {
  const count = Math.round(Number(value));
  if (!(count >= 1)) return;
  box.best = Math.min(count, Number(max));
  box.draw();
}
