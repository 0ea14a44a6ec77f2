// The trail as this browser keeps it, so that rounds outlive a reload and a restart of the server. It is written after
// changes have settled, and when the page is hidden. Each version of trails has a place of its own (SAVED_KEYS, the
// present one first), so that an older SeedLab overwrites nothing of a newer one.
const [SAVED_KEY] = SAVED_KEYS;
const NEWER_KEY = /^seedlab-rounds-(\d+)$/;
const NEWER_NOTE = 'This browser also keeps rounds of a newer SeedLab. They come back when that version runs again.';
const UNSAVED_NOTE = 'This browser does not keep the rounds: they will be gone after a reload. Their pictures stay in the store.';
const WORKING_KEY = 'seedlab-working';
const OLD_KEY = 'seedlab-trail';
const SAVE_DELAY = 500;
const saved = new Map();
let savedTree = null;
let saveTimer = null;
// What `Handlers.open` got, of an earlier version: after the first writing it is in the trail.
let joinedKeys = [];
let isTaken = false;
let hasNewer = false;

// Moves a trail that this version cannot read to the place of its version. Nothing is written over it if that fails.
function prepareStorage() {
  try {
    const text = localStorage.getItem(SAVED_KEY) || '';
    const version = readTrailVersion(text);
    isTaken = version > TRAIL_VERSION && !moveSaved(text, `seedlab-rounds-${version}`);
    const isNewer = (key) => Number(NEWER_KEY.exec(key)?.[1]) > TRAIL_VERSION;
    hasNewer = isTaken || Object.keys(localStorage).some(isNewer);
    joinedKeys = SAVED_KEYS.filter((key) => localStorage.getItem(key)).slice(0, 2).filter((key) => key !== SAVED_KEY);
  } catch {
    // Storage is blocked.
  }
}

function readTrailVersion(text) {
  try {
    const { version = 1 } = JSON.parse(text);
    return Number.isSafeInteger(version) ? version : 0;
  } catch {
    return 0; // no trail
  }
}

// Returns whether it is there. Both places at a time may not fit into the storage.
function moveSaved(text, key) {
  if (localStorage.getItem(key) !== null) return false;
  localStorage.removeItem(SAVED_KEY);
  try {
    localStorage.setItem(key, text);
    return true;
  } catch {
    localStorage.setItem(SAVED_KEY, text);
    return false;
  }
}

function showNote(problem) {
  const note = [problem, view.note, hasNewer ? NEWER_NOTE : ''].filter(Boolean).join(' ');
  setText(storageNote, note);
  storageNote.hidden = !note;
}

// What was unfinished in this tab alone: "3,7:0.12" is round 3, and round 7, of which the drafts 0 and 12 were being finished.
function readWorking() {
  try {
    return sessionStorage.getItem(WORKING_KEY) || '';
  } catch {
    return '';
  }
}

function save({ tree, saved: rounds }) {
  for (const [id, round] of Object.entries(rounds)) saved.set(Number(id), { parent: round.parent, text: JSON.stringify(round) });
  if (tree) savedTree = { order: view.order, path: view.path };
  if (tree || Object.keys(rounds).length) saveTimer ||= setTimeout(writeSaved, SAVE_DELAY);
  writeWorking();
}

function writeWorking() {
  const isUnfinished = (tile) => tile.state === 'waiting' || tile.state === 'running';
  const ids = view.rounds.filter((round) => round.tiles.some(isUnfinished)).map(writeRound).join(',');
  try {
    if (ids !== readWorking()) sessionStorage.setItem(WORKING_KEY, ids);
  } catch {
    // Storage is blocked: after a reload, a click resumes the work.
  }
}

function writeRound({ id, tiles }) {
  const finishing = tiles.flatMap((tile, index) => (tile.finishing ? [index] : []));
  return finishing.length ? `${id}:${finishing.join('.')}` : String(id);
}

function writeSaved() {
  clearTimeout(saveTimer);
  saveTimer = null;
  if (!savedTree) return;
  for (const id of [...saved.keys()]) if (!savedTree.order.includes(id)) saved.delete(id);
  showNote(writeWhatFits());
}

function composeSaved(order = savedTree ? savedTree.order.filter((id) => saved.has(id)) : []) {
  if (!order.length) return '';
  return `{"version":${TRAIL_VERSION},"rounds":[${order.map((id) => saved.get(id).text).join(',')}],"path":${JSON.stringify(savedTree.path)}}`;
}

// Leaves out the oldest explorations where the storage is full. Returns what to tell the user.
function writeWhatFits() {
  let order = savedTree.order.filter((id) => saved.has(id));
  const count = order.length;
  if (isTaken) return UNSAVED_NOTE;
  for (;;) {
    try {
      localStorage.setItem(SAVED_KEY, composeSaved(order));
      forgetJoined();
      return order.length < count ? 'This browser’s storage is full: the oldest rounds will be gone after a reload. Their pictures stay in the store.' : '';
    } catch (error) {
      const isFull = error.name === 'QuotaExceededError';
      if (isFull && joinedKeys.length) {
        forgetJoined();
        continue;
      }
      const oldest = isFull && findOldestRoot(order);
      if (!oldest) return UNSAVED_NOTE;
      order = order.filter((id) => findRoot(id) !== oldest);
    }
  }
}

function forgetJoined() {
  [OLD_KEY, ...joinedKeys].forEach((key) => localStorage.removeItem(key));
  joinedKeys = [];
}

// The oldest first round that is not on the screen.
function findOldestRoot(order) {
  const roots = order.filter((id) => !saved.get(id).parent && id !== savedTree.path[0]);
  return roots.length ? Math.min(...roots) : null;
}

function findRoot(id) {
  let { parent } = saved.get(id);
  while (parent) {
    [id] = parent;
    ({ parent } = saved.get(id));
  }
  return id;
}

// Only what is not written yet: another tab may have written since.
const writePending = () => saveTimer && writeSaved();
window.addEventListener('pagehide', writePending);
document.addEventListener('visibilitychange', () => document.hidden && writePending());
