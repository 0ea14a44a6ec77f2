// Rounds of drafts: the line above their tiles, and the selection of those that are to be finished.
const JUDGING = 'It shows composition, light and colours; eyes, hands and letters come later.';
const selections = new Map();

// Whether a tile's whole picture can still be asked for.
const canFinish = (tile) => tile.state !== 'done' && !tile.finishing;

const findSelection = (id) => selections.get(id) || { on: false, picked: new Set(), last: null };

function makeDrafts(finish, redraw) {
  const words = make('p');
  const [pick, drop, all] = ['Select', 'Cancel', ''].map((text) => make('button', 'action small', { type: 'button' }, text));
  const root = make('div', 'drafts', { hidden: '' }, words, pick, drop, all);
  const drafts = { root, words, pick, drop, all, id: null };
  const set = (selection) => { selections.set(drafts.id, selection); redraw(); };
  pick.addEventListener('click', () => set({ ...findSelection(drafts.id), on: true }));
  drop.addEventListener('click', () => { set({ on: false, picked: new Set(), last: null }); pick.focus(); });
  all.addEventListener('click', () => {
    const { picked } = findSelection(drafts.id);
    finish(drafts.id, picked.size ? [...picked] : null);
    set({ on: false, picked: new Set(), last: null });
  });
  return drafts;
}

function showDrafts({ root, words, pick, drop, all }, data) {
  root.hidden = !data.drafts;
  if (!data.drafts) return;
  const left = data.tiles.filter(canFinish).length;
  const { on, picked } = findSelection(data.id);
  for (const index of [...picked]) if (!canFinish(data.tiles[index])) picked.delete(index);
  const advice = on ? 'Pick those to finish.' : 'Click one to finish it.';
  setText(words, left ? `Drafts: stopped after ${data.drafts}. ${advice}` : 'No drafts are left.');
  setAttribute(words, 'title', JUDGING);
  pick.hidden = on || !left;
  drop.hidden = !on;
  all.hidden = !left || (on && !picked.size);
  setText(all, picked.size ? `Finish ${picked.size}` : `Finish all ${left}`);
}

// Ctrl or Shift and a click begin a selection, and so does the button for those who have no such keys.
const isPicking = (data, event) => Boolean(data.drafts) && (findSelection(data.id).on || event.ctrlKey || event.metaKey || event.shiftKey);

function pickTile(data, index, isRange) {
  const { picked, last } = findSelection(data.id);
  const from = isRange && last !== null ? last : index;
  const range = data.tiles.map((_, each) => each).slice(Math.min(from, index), Math.max(from, index) + 1);
  const isAdding = isRange || !picked.has(index);
  for (const each of range) if (isAdding && canFinish(data.tiles[each])) picked.add(each); else picked.delete(each);
  selections.set(data.id, { on: true, picked, last: index });
}

function showPicked(data, tiles) {
  const { on, picked } = findSelection(data.id);
  tiles.forEach((tile, index) => {
    tile.figure.classList.toggle('picked', picked.has(index));
    if (on) setAttribute(tile.button, 'aria-pressed', picked.has(index));
  });
}
