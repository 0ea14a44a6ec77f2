// What the buttons, the keys and the gestures do. A place is { round, index }, with the round's id.
import { motion } from '../dom.js';
import { SILENT } from '../gallery/server.js';
import { makeLink, pack } from '../gallery/sharing.js';
import { LEAST } from '../pairs/pairs.js';
import { findTile } from '../state/updates.js';
import { showKeys } from '../views/keys.js';
import { downloadMatrix, downloadSheet } from './contact_sheet.js';
import { downloadZip } from './zip.js';

export class Actions {
  constructor(sheet) {
    this.sheet = sheet;
  }

  // What the server does.
  send(kind, data) {
    this.sheet.send(kind, data);
  }

  // A click on a tile selects it, locks it, finishes it or resumes it.
  click(at, event) {
    if (this.sheet.selections.isPicking(at.round, event)) this.pick(at, event.shiftKey);
    else this.sheet.choose(at);
  }

  openLook(at) {
    this.sheet.openLook(at);
  }

  pick(at, isRange) {
    this.sheet.selections.pick(at.round, at.index, isRange, (index) => this.sheet.isHidden(at.round, index));
    this.sheet.redraw(at.round);
  }

  enlarge(id) {
    this.sheet.enlarged = id;
    this.sheet.draw();
    const figure = this.sheet.rounds.findFigure({ round: id, index: this.sheet.view.known.get(id).locked ?? 0 });
    figure.querySelector('.frame').focus({ preventScroll: true });
    figure.scrollIntoView({ block: 'nearest', behavior: motion() });
  }

  revisit(round) {
    this.sheet.send('revisit', { round });
  }

  finish(round, indices) {
    this.sheet.selections.clear(round);
    this.sheet.redraw(round);
    this.sheet.send('finish', indices ? { round, indices } : { round });
  }

  differ(round) {
    this.sheet.send('differ', { round });
  }

  select(round) {
    this.sheet.selections.begin(round);
    this.sheet.redraw(round);
  }

  cancel(round) {
    if (!this.sheet.selections.find(round).isOn) return false;
    this.sheet.selections.clear(round);
    this.sheet.redraw(round);
    this.sheet.roving.focus({ round, index: this.sheet.roving.findActive(round) });
    return true;
  }

  // It is shown below the recipe of the selected picture.
  canShowScript() {
    return Boolean(findTile(this.sheet.view, this.sheet.chosen));
  }

  askForScript(place) {
    this.sheet.script.expect(findTile(this.sheet.view, this.sheet.chosen)?.url);
    this.sheet.send('script', place);
  }

  // To a picture, or to a round.
  async copyLink(place) {
    const find = () => findTile(this.sheet.view, this.sheet.chosen).url;
    this.sheet.script.expect(find());
    const link = await makeLink(place);
    if (link) this.sheet.script.show(link, find());
  }

  async pack(kind, round) {
    this.sheet.showNote('Packing…');
    const isPacked = await pack(kind, round);
    this.sheet.showNote('');
    this.sheet.say(isPacked ? 'Packed: the download begins.' : '');
  }

  nameSeed(at) {
    this.sheet.seedNames.open(at, findTile(this.sheet.view, at).seed);
  }

  openGallery() {
    this.sheet.gallery.open();
  }

  downloadMatrix(data) {
    this.attempt(downloadMatrix(data));
  }

  downloadSheet(id, indices) {
    const { title, tiles } = this.sheet.view.known.get(id);
    this.attempt(downloadSheet(title, indices.map((index) => tiles[index])));
  }

  downloadZip(id, indices) {
    const { title, tiles } = this.sheet.view.known.get(id);
    this.attempt(downloadZip(title, indices.map((index) => tiles[index])));
  }

  // Says it where the server is gone.
  attempt(work) {
    work.catch(() => this.sheet.showNote(SILENT));
  }

  mark(at, name, value) {
    const hadFocus = this.sheet.findFigure(at)?.contains(document.activeElement);
    this.sheet.culling.change(at.round, [at.index], name, value);
    if (!hadFocus || !this.sheet.isHidden(at.round, at.index)) return;
    this.sheet.roving.focus({ round: at.round, index: this.sheet.roving.findActive(at.round) });
  }

  markAll(round, indices, name) {
    this.sheet.culling.change(round, indices, name);
  }

  undo() {
    this.sheet.culling.undo();
  }

  filter(isOnlyKept) {
    this.sheet.culling.isOnlyKept = isOnlyKept;
    this.sheet.redraw(this.sheet.large);
  }

  lockSelected(at) {
    this.sheet.selections.clear(at.round);
    this.sheet.redraw(at.round);
    this.sheet.choose(at);
  }

  // The panel has the example's prompt and seeds, unless they were edited.
  startExample() {
    document.querySelector('#generate').click();
  }

  toggleAlert() {
    this.sheet.alert.toggle();
    this.sheet.draw();
  }

  unlock() {
    this.sheet.send('unlock', {});
  }

  showKeys() {
    showKeys();
  }

  canCompare(at) {
    return this.sheet.pinning.canCompare(at);
  }

  compareWith(at) {
    this.sheet.pinning.compareWith(at);
  }

  varyAll(round, indices) {
    this.sheet.selections.clear(round);
    this.sheet.redraw(round);
    this.sheet.send('vary_all', { round, indices });
  }

  canRank(indices) {
    return indices.length >= LEAST;
  }

  // Of two pictures at a time, which is better? The order is shown on the tiles.
  rank(round, indices) {
    const { tiles } = this.sheet.view.known.get(round);
    this.sheet.ranks.open(indices.map((index) => tiles[index]), {
      show: (order) => this.sheet.showRanks(round, order.map((place) => indices[place])),
      keep: (best, others) => this.sheet.culling.keepBest(round, best.map((place) => indices[place]), others.map((place) => indices[place])),
    });
  }

  compare(places) {
    this.sheet.pinning.compare(places);
  }
}
