// The elements of the rounds on the screen, of which those are rendered that changed.
import { locate } from '../dom.js';
import { render } from '../lit.js';
import { findTile } from '../state/updates.js';
import { makeSection, roundView } from '../views/round.js';
import { centre } from './arrange.js';

const RETRY = 1000; // milliseconds, doubled with each try
const TRIES = 5;

const keyOf = ({ round, index }) => `${round},${index}`;

export class Rounds {
  // `describe` is called with a round, and returns what it is shown as; `page` is what its buttons call.
  constructor(view, describe, page) {
    Object.assign(this, { view, describe, page });
    this.sections = new Map();
    // The ids of rounds to render, the pictures that have been loaded, by address, and those whose files are gone, by
    // their places.
    this.dirty = new Set();
    this.loaded = new Set();
    this.tries = new Map();
    this.missing = new Map();
  }

  // Notes that a round has to be rendered.
  touch(...ids) {
    for (const id of ids) this.dirty.add(id);
  }

  draw() {
    const { path, known } = this.view;
    for (const id of [...this.sections.keys()]) if (!path.includes(id)) this.sections.delete(id);
    for (const id of path) if (this.dirty.has(id) || !this.sections.has(id)) this.drawRound(known.get(id));
    this.dirty.clear();
  }

  drawRound(data) {
    const { id, siblings } = data;
    if (!this.sections.has(id)) this.sections.set(id, makeSection(data));
    const section = this.sections.get(id);
    const shown = this.describe(data);
    render(roundView(data, shown, this.page), section);
    if (!data.table) section.dataset.count = shown.count;
    // A long row scrolls. To the current round only when the row changes, so as not to fight the user's scrolling.
    if (section.siblingCount === siblings.length) return;
    section.siblingCount = siblings.length;
    const row = section.querySelector('.siblings');
    requestAnimationFrame(() => centre(row, row.children[siblings.indexOf(id)]));
  }

  list() {
    return this.view.path.map((id) => this.sections.get(id));
  }

  find(id) {
    return this.sections.get(id);
  }

  findFigure({ round, index }) {
    return this.sections.get(round)?.querySelector(`.tile[data-index="${index}"]`);
  }

  // The round whose row of siblings has the keyboard focus.
  findFocusedSiblings() {
    return [...this.sections.keys()].find((id) => this.find(id).querySelector('.siblings')?.contains(document.activeElement));
  }

  // Choosing a sibling replaces the round and its buttons: move the focus to the new round's buttons.
  restoreSiblingFocus(focused) {
    const shownNow = this.view.rounds.find((round) => round.id !== focused && round.siblings.includes(focused));
    if (shownNow) this.find(shownNow.id).querySelector('.siblings [aria-current]').focus({ preventScroll: true });
  }

  // A round of 64 would be rendered 64 times.
  showLoaded(at) {
    this.tries.delete(keyOf(at));
    this.loaded.add(findTile(this.view, at)?.url);
    this.findFigure(at).classList.add('shown');
  }

  isLoaded(at) {
    return this.loaded.has(findTile(this.view, at)?.url);
  }

  // After a picture could not be loaded. It may have been deleted, or the network may have failed: then it is loaded again.
  async noteFailed(at) {
    const url = findTile(this.view, at)?.url;
    if (!url) return;
    const tries = this.tries.get(keyOf(at)) || 0;
    this.tries.set(keyOf(at), tries + 1);
    if (tries < TRIES && !(await isGone(locate(url)))) setTimeout(() => this.load(at, url), RETRY * 2 ** tries);
    else {
      this.missing.set(keyOf(at), url);
      this.touch(at.round);
    }
  }

  load(at, url) {
    const picture = this.findFigure(at)?.querySelector('.picture');
    if (picture && findTile(this.view, at)?.url === url) picture.src = locate(url);
  }

  isMissing(at) {
    const url = this.missing.get(keyOf(at));
    return Boolean(url) && url === findTile(this.view, at)?.url;
  }

  // The pictures that are made again have no file meanwhile.
  forgetMissing() {
    for (const [key, url] of this.missing) {
      const [round, index] = key.split(',').map(Number);
      if (findTile(this.view, { round, index })?.url !== url) this.missing.delete(key);
    }
  }

  readState(at) {
    return this.isMissing(at) ? 'failed' : findTile(this.view, at)?.state;
  }
}

async function isGone(url) {
  try {
    return (await fetch(url, { method: 'HEAD', cache: 'no-store' })).status === 404;
  } catch {
    return false; // no network
  }
}
