// The trail as this browser keeps it, so that rounds outlive a reload and a restart of the server. It is written after
// changes have settled, and when the page is hidden.
const SAVED_KEY = 'seedlab-rounds';
const WORKING_KEY = 'seedlab-working';
const OLD_KEY = 'seedlab-trail';
const SAVE_DELAY = 500;
const saved = new Map();
let savedTree = null;
let saveTimer = null;

function readSaved() {
  try {
    return localStorage.getItem(SAVED_KEY) || '';
  } catch {
    return ''; // storage is blocked
  }
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
  if (tree) savedTree = tree;
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
  const problem = writeWhatFits();
  setText(storageNote, problem);
  storageNote.hidden = !problem;
}

function composeSaved(order = savedTree ? savedTree.order.filter((id) => saved.has(id)) : []) {
  if (!order.length) return '';
  return `{"version":3,"rounds":[${order.map((id) => saved.get(id).text).join(',')}],"path":${JSON.stringify(savedTree.path)}}`;
}

// Leaves out the oldest explorations where the storage is full. Returns what to tell the user.
function writeWhatFits() {
  let order = savedTree.order.filter((id) => saved.has(id));
  const count = order.length;
  for (;;) {
    try {
      localStorage.setItem(SAVED_KEY, composeSaved(order));
      localStorage.removeItem(OLD_KEY);
      return order.length < count ? 'This browser’s storage is full: the oldest rounds will be gone after a reload. Their pictures stay in the store.' : '';
    } catch (error) {
      const oldest = error.name === 'QuotaExceededError' && findOldestRoot(order);
      if (!oldest) return 'This browser does not keep the rounds: they will be gone after a reload. Their pictures stay in the store.';
      order = order.filter((id) => findRoot(id) !== oldest);
    }
  }
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
