// The trail as this browser keeps it, so that rounds outlive a reload and a restart of the server. It is written after
// changes have settled, and when the page is hidden. Each version of trails has a place of its own, so that an older
// SeedLab overwrites nothing of a newer one.
import { THUMBS_KEY } from './tabs.js';

const NEWER_KEY = /^seedlab-rounds-(\d+)$/;
const NEWER_NOTE = 'This browser also keeps rounds of a newer SeedLab. They come back when that version runs again.';
const UNSAVED_NOTE = 'This browser does not keep the rounds: they will be gone after a reload. Their pictures stay in the store.';
const FULL_NOTE = 'This browser’s storage is full: the oldest rounds will be gone after a reload. Their pictures stay in the store.';
const WORKING_KEY = 'seedlab-working';
const OLD_KEY = 'seedlab-trail';
const SAVE_DELAY = 500;

// Keeps what a view shows. `settings` has the version of trails, and the keys of the storage, the present version's
// first. `showNote` is called with what to tell the user, '' for nothing.
export class SavedTrail {
  constructor(view, { version, keys }, showNote) {
    Object.assign(this, { view, version, keys, showNote, rounds: new Map(), tree: null, timer: null });
    // What `Handlers.open` got, of an earlier version: after the first writing it is in the trail.
    this.joined = [];
    this.isTaken = false;
    this.hasNewer = false;
    this.prepare();
  }

  // Moves a trail that this version cannot read to the place of its version. Nothing is written over it if that fails.
  prepare() {
    const [own] = this.keys;
    try {
      const text = localStorage.getItem(own) || '';
      const version = readVersion(text);
      this.isTaken = version > this.version && !moveSaved(own, text, `seedlab-rounds-${version}`);
      const isNewer = (key) => Number(NEWER_KEY.exec(key)?.[1]) > this.version;
      this.hasNewer = this.isTaken || Object.keys(localStorage).some(isNewer);
      this.joined = this.keys.filter((key) => localStorage.getItem(key)).slice(0, 2).filter((key) => key !== own);
    } catch {
      // Storage is blocked.
    }
  }

  // Keeps what is new in an update.
  take({ tree, saved }) {
    for (const [id, round] of Object.entries(saved)) this.rounds.set(Number(id), { parent: round.parent, text: JSON.stringify(round) });
    if (tree) this.tree = { order: this.view.order, path: this.view.path };
    if (tree || Object.keys(saved).length) this.timer ||= setTimeout(() => this.write(), SAVE_DELAY);
    this.writeWorking();
  }

  // Only what is not written yet: another tab may have written since.
  writePending() {
    if (this.timer) this.write();
  }

  write() {
    clearTimeout(this.timer);
    this.timer = null;
    if (!this.tree) return;
    for (const id of [...this.rounds.keys()]) if (!this.tree.order.includes(id)) this.rounds.delete(id);
    this.tell(this.writeWhatFits());
  }

  tell(problem = '') {
    this.showNote([problem, this.view.note, this.hasNewer ? NEWER_NOTE : ''].filter(Boolean).join(' '));
  }

  compose(order = this.listOrder()) {
    if (!order.length) return '';
    return `{"version":${this.version},"rounds":[${order.map((id) => this.rounds.get(id).text).join(',')}],"path":${JSON.stringify(this.tree.path)}}`;
  }

  listOrder() {
    return this.tree ? this.tree.order.filter((id) => this.rounds.has(id)) : [];
  }

  // Leaves out the oldest explorations where the storage is full. Returns what to tell the user.
  writeWhatFits() {
    if (this.isTaken) return UNSAVED_NOTE;
    const all = this.listOrder();
    let order = all;
    while (order) {
      const problem = this.tryToWrite(order);
      if (!problem) return order.length < all.length ? FULL_NOTE : '';
      order = problem === 'QuotaExceededError' ? this.makeRoom(order) : null;
    }
    return UNSAVED_NOTE;
  }

  // Forgets thumbnails, which can be made again, then what an earlier version has saved, or else the oldest exploration. Returns what is left to write; null if
  // there is nothing to leave out.
  makeRoom(order) {
    if (localStorage.getItem(THUMBS_KEY)) {
      localStorage.removeItem(THUMBS_KEY);
      return order;
    }
    if (this.joined.length) {
      this.forgetJoined();
      return order;
    }
    const oldest = this.findOldestRoot(order);
    return oldest ? order.filter((id) => this.findRoot(id) !== oldest) : null;
  }

  // Returns the name of the error, '' for none.
  tryToWrite(order) {
    try {
      localStorage.setItem(this.keys[0], this.compose(order));
      this.forgetJoined();
      return '';
    } catch (error) {
      return error.name;
    }
  }

  forgetJoined() {
    for (const key of [OLD_KEY, ...this.joined]) localStorage.removeItem(key);
    this.joined = [];
  }

  // The oldest first round that is not on the screen.
  findOldestRoot(order) {
    const roots = order.filter((id) => !this.rounds.get(id).parent && id !== this.tree.path[0]);
    return roots.length ? Math.min(...roots) : null;
  }

  findRoot(id) {
    let root = id;
    for (let { parent } = this.rounds.get(id); parent; { parent } = this.rounds.get(root)) [root] = parent;
    return root;
  }

  writeWorking() {
    const isUnfinished = (tile) => tile.state === 'waiting' || tile.state === 'running';
    const ids = this.view.rounds.filter((round) => round.tiles.some(isUnfinished)).map(writeRound).join(',');
    try {
      if (ids !== readWorking()) sessionStorage.setItem(WORKING_KEY, ids);
    } catch {
      // Storage is blocked: after a reload, a click resumes the work.
    }
  }
}

// What was unfinished in this tab alone: "3,7:0.12" is round 3, and round 7, of which the drafts 0 and 12 were being finished.
export function readWorking() {
  try {
    return sessionStorage.getItem(WORKING_KEY) || '';
  } catch {
    return '';
  }
}

function writeRound({ id, tiles }) {
  const finishing = tiles.flatMap((tile, index) => (tile.finishing ? [index] : []));
  return finishing.length ? `${id}:${finishing.join('.')}` : String(id);
}

function readVersion(text) {
  try {
    const { version = 1 } = JSON.parse(text);
    return Number.isSafeInteger(version) ? version : 0;
  } catch {
    return 0; // no trail
  }
}

// Returns whether it is there. Both places at a time may not fit into the storage.
function moveSaved(own, text, key) {
  if (localStorage.getItem(key) !== null) return false;
  localStorage.removeItem(own);
  try {
    localStorage.setItem(key, text);
    return true;
  } catch {
    localStorage.setItem(own, text);
    return false;
  }
}
