// The sheet: the rounds, the list of first rounds above, the inspector at the right. It gets the server's updates, and
// what is done on the page.
import { copy, narrow, waitFor } from './dom.js';
import { render } from './lit.js';
import { Pinning } from './compare/pinning.js';
import { Gallery } from './gallery/gallery.js';
import { SeedNames } from './gallery/seeds.js';
import { listenToLinks } from './gallery/sharing.js';
import { Live } from './live/live.js';
import { Look } from './look/look.js';
import { Actions } from './page/actions.js';
import { Alert } from './page/alert.js';
import { Arrangement } from './page/arrange.js';
import { Connection } from './page/connection.js';
import { countKept, Culling } from './page/culling.js';
import { acceptDrops } from './page/drop.js';
import { Following } from './page/following.js';
import { addFold, describeUnfold, listenToUnfold } from './page/fold.js';
import { listenToTiles } from './page/gestures.js';
import { listenToKeys } from './page/keys.js';
import { Likely } from './page/likely.js';
import { leaveOutInputs } from './page/loading_status.js';
import { Rounds } from './page/rounds.js';
import { Tabs } from './page/tabs.js';
import { Ranks } from './pairs/pairs.js';
import { addTooltips } from './page/tooltips.js';
import { Roving } from './page/roving.js';
import { findParent, isSame } from './state/pairs.js';
import { SavedTrail } from './state/saved.js';
import { Selections } from './state/selection.js';
import { findTile, makeView, merge } from './state/updates.js';
import { Script } from './views/script.js';
import { sheetView } from './views/sheet.js';

// Called by Gradio's component (see seedlab/ui/blocks/columns.py). `settings` has the version of saved trails, their keys,
// makes_ahead, and max_upload in bytes.
export function start({ element, props, trigger, watch }, settings) {
  leaveOutInputs();
  const sheet = new Sheet(element, trigger, settings);
  watch('value', () => sheet.connection.receive(copy(props.value)));
  sheet.connection.receive(copy(props.value));
}

const PATIENCE = 5000; // milliseconds
const DELAY = 800; // milliseconds
const LIMIT = 60_000; // milliseconds: some refusals have no answer
const WAITING = 'Waiting for the server: right after its start, the first pictures take a few seconds longer.';

class Sheet {
  constructor(element, trigger, settings) {
    this.root = element.querySelector('.sheet');
    this.makesAhead = settings.makes_ahead;
    this.maxUpload = settings.max_upload;
    this.view = makeView();
    this.arrangement = new Arrangement();
    this.selections = new Selections();
    // The round requested last is large, or the one that was enlarged by a click on its title.
    this.focus = this.enlarged = this.large = null;
    // The inspected tile, and one that was clicked a moment ago.
    this.chosen = this.pressed = null;
    // A note about what is saved, and what was announced last.
    this.note = this.said = this.waiting = '';
    this.timer = null;
    this.actions = new Actions(this);
    this.rounds = new Rounds(this.view, (data) => this.describeRound(data), this.actions);
    this.script = new Script(() => this.draw());
    this.saved = new SavedTrail(this.view, settings, (note) => this.showNote(note));
    this.tabs = new Tabs(this.view, this.saved, () => this.draw());
    this.look = new Look({
      find: (id) => this.view.known.get(id), path: () => this.view.path, findTile: (at) => this.rounds.findFigure(at),
      choose: (at) => this.choose(at), note: (at) => this.inspect(at), isPinned: (at) => this.pinning.isPinned(at), pin: (at) => this.pinning.pin(at),
      canCompare: (at) => this.pinning.canCompare(at), compare: (at) => this.pinning.compareWith(at),
    });
    this.connection = new Connection(trigger, this);
    this.alert = new Alert();
    this.following = new Following((kind, data) => this.connection.trigger(kind, data), (words) => { this.said = words; });
    this.live = new Live(this);
    this.culling = new Culling(this.view, { redraw: (id) => this.redraw(id), send: (kind, data) => this.send(kind, data), say: (words) => this.say(words) });
    this.pinning = new Pinning(this.view, () => this.redraw(...this.view.path), (places) => this.send('compare', places));
    this.roving = new Roving(this);
    this.ranks = new Ranks();
    // The order of pictures, by the ids of rounds: [indices, the best first].
    this.orders = new Map();
    this.gallery = new Gallery((place) => this.showPlace(place));
    this.seedNames = new SeedNames();
    this.listen(element);
    this.saved.tell();
  }

  listen(element) {
    listenToTiles(this.arrangement.row, {
      choose: (at, event) => this.actions.click(at, event), isPicking: (at, event) => this.selections.isPicking(at.round, event),
      press: (at) => this.press(at), look: (at) => this.openLook(at), select: (at) => this.actions.pick(at, false), cancel: (round) => this.actions.cancel(round), focus: (at) => this.roving.activate(at),
      load: (at) => this.rounds.showLoaded(at), miss: (at) => this.showFailed(at),
    });
    if (this.makesAhead) new Likely((kind, data) => this.connection.trigger(kind, data)).listen(this.arrangement.row);
    listenToKeys(this, this.actions);
    narrow.addEventListener('change', () => this.draw());
    window.addEventListener('pagehide', () => this.saved.writePending());
    document.addEventListener('visibilitychange', () => document.hidden && this.saved.writePending());
    addFold(element.closest('#sheet'));
    listenToUnfold();
    listenToLinks(this);
    this.seedNames.load();
    addTooltips(document.querySelector('#panel'));
    acceptDrops(() => this.view.run, this.maxUpload, (name) => this.connection.trigger('refuse', { name }));
  }

  // Takes an update in. Returns whether it is new.
  take(update) {
    const changed = merge(this.view, update);
    if (changed === null) return false;
    this.culling.take(update);
    // For the next event (ADD_SEEN in seedlab/ui/blocks/layout.py).
    this.root.dataset.seen = `${this.view.run} ${this.view.version}`;
    this.saved.take(update);
    this.unpress();
    this.rounds.forgetMissing();
    this.following.take(this.view);
    this.live.follow(this.view.panel);
    this.alert.take(this.view);
    this.rounds.touch(...changed, this.selections.takeChoice(this.view.choice));
    this.draw();
    this.tabs.take();
    return true;
  }

  // Shows at once that a click was received: the answer may take a moment while the server is starting.
  showPending() {
    this.endPending();
    this.root.classList.add('pending');
    this.timer = setTimeout(() => {
      this.sayWaiting(WAITING);
      this.timer = setTimeout(() => this.endPending(), LIMIT);
    }, DELAY);
  }

  endPending() {
    clearTimeout(this.timer);
    this.timer = null;
    if (this.waiting) this.sayWaiting('');
  }

  sayWaiting(words) {
    this.waiting = words;
    this.draw();
  }

  say(words) {
    this.said = words;
    this.draw();
  }

  showNote(note) {
    this.note = note;
    this.draw();
  }

  redraw(...ids) {
    this.rounds.touch(...ids);
    this.draw();
  }

  // Renders the rounds that changed, and what concerns all.
  draw() {
    const { view, root, rounds } = this;
    const focused = rounds.findFocusedSiblings();
    root.classList.toggle('pending', Boolean(this.waiting));
    root.classList.toggle('empty', Boolean(view.run) && !view.rounds.length);
    document.documentElement.toggleAttribute('data-working', view.working);
    this.chooseLarge();
    this.chooseInspected();
    rounds.draw();
    const inspected = this.describeInspected();
    this.script.inspect(inspected.tile?.url);
    render(sheetView({ view, tabs: this.tabs.list(), row: this.arrangement.row, note: this.note, said: this.said, waiting: this.waiting, inspected, isAlerting: this.alert.isOn }, this.actions), root);
    this.tabs.reveal(root.querySelector('.roots'));
    this.arrangement.arrange(rounds.list(), view.path.indexOf(this.large));
    this.arrangement.reveal(this.large);
    rounds.restoreSiblingFocus(focused);
    this.script.take(view.script, inspected.tile?.url);
    this.look.refresh();
    this.pinning.take(view.comparison);
    this.live.drawBelowPrompt();
    describeUnfold();
  }

  chooseLarge() {
    const { view } = this;
    if (view.focus !== this.focus || !view.path.includes(this.enlarged)) this.enlarged = null;
    this.focus = view.focus;
    const large = this.enlarged ?? this.focus;
    if (large !== this.large) this.rounds.touch(large, this.large);
    this.large = large;
  }

  // The last chosen tile if it is on the screen, else the first finished one of the newest round that has one.
  chooseInspected() {
    if (findTile(this.view, this.chosen)?.url) return;
    const done = this.view.rounds.findLast((round) => round.tiles.some((tile) => tile.url));
    this.setChosen(done ? { round: done.id, index: done.tiles.findIndex((tile) => tile.url) } : null);
  }

  setChosen(at) {
    if (isSame(at, this.chosen)) return;
    this.rounds.touch(at?.round, this.chosen?.round);
    this.chosen = at;
  }

  describeInspected() {
    const { chosen: at, view, script } = this;
    return { at, tile: findTile(view, at), parent: at && findTile(view, findParent(view, at)), script, live: this.live.detail };
  }

  describeRound(data) {
    const { id, tiles, locked } = data;
    const [selection, isLarge] = [this.selections.find(id), id === this.large];
    const next = tiles.findIndex((tile) => tile.state === 'running' || tile.state === 'waiting');
    const isHidden = (index) => this.isHidden(id, index);
    const active = this.roving.findActive(id);
    const describe = (index) => ({ ...this.describeTile({ round: id, index }, { locked, next, selection }), isActive: index === active, isHidden: isHidden(index) });
    return {
      isLarge, selection, picked: this.selections.list(data, isHidden), kept: countKept(tiles), isOnlyKept: this.culling.isOnlyKept, describe,
      count: tiles.filter((_, index) => !isHidden(index)).length,
    };
  }

  describeTile(at, { locked, next, selection }) {
    const { index } = at;
    return {
      isPinned: this.pinning.isPinned(at), rank: (this.orders.get(at.round)?.indexOf(index) ?? -1) + 1,
      index, isLocked: locked === index || isSame(this.pressed, at), isChosen: isSame(this.chosen, at), isNext: next === index,
      isPicked: selection.picked.has(index), isSelecting: selection.isOn, isLoaded: this.rounds.isLoaded(at), isMissing: this.rounds.isMissing(at),
    };
  }

  async showFailed(at) {
    await this.rounds.noteFailed(at);
    this.draw();
  }

  // Locks a finished tile, finishes a draft, or resumes what was stopped.
  choose(at) {
    const state = this.rounds.readState(at);
    this.connection.send('tile', at);
    this.live.dismiss();
    // A tile without a picture does not change the inspected one.
    if (state === 'done' || state === 'draft') this.setChosen(at);
    if (state === 'done') this.enlarged = null;
    this.press(at);
  }

  // Marks at once what was clicked, but not during a stream: updates from before the click still arrive, and the mark
  // would flicker.
  press(at) {
    if (this.view.working || this.rounds.readState(at) !== 'done') return;
    this.pressed = at;
    this.redraw(at.round);
  }

  unpress() {
    this.rounds.touch(this.pressed?.round);
    this.pressed = null;
  }

  inspect(at) {
    if (isSame(at, this.chosen) || !findTile(this.view, at)?.url) return;
    this.live.dismiss();
    this.setChosen(at);
    this.draw();
  }

  // Shows a picture in its round, when the update with that has come.
  async showPlace([round, index]) {
    const at = { round, index };
    const isThere = (find) => waitFor(find, PATIENCE);
    if (!await isThere(() => this.view.path.includes(round))) return;
    this.enlarged = round;
    this.draw();
    this.roving.activate(at);
    this.roving.focus(at);
    // After a reload, the store is searched first.
    if (await isThere(() => findTile(this.view, at)?.url)) this.inspect(at);
  }

  showRanks(round, order) {
    this.orders.set(round, order);
    this.redraw(round);
  }

  openLook(at) {
    this.unpress();
    this.draw();
    this.actions.attempt(this.look.open(at, document.activeElement));
  }

  send(kind, data) {
    this.connection.send(kind, data);
  }

  // Whether a tile is left out by the filter.
  isHidden(id, index) {
    return this.culling.isHidden(this.view.known.get(id), index, id === this.large);
  }

  findFigure(at) {
    return this.rounds.findFigure(at);
  }
}
