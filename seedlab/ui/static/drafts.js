// Rounds of drafts: the line above their tiles, and the selection of those that are to be finished.
const JUDGING = 'It shows composition, light and colours; eyes, hands and letters come later.';
const selections = new Map();

// Fewer drafts are quickly looked at.
const LEAST_TO_CHOOSE = 6;
let shownChoice = null;

// Whether a tile's whole picture can still be asked for.
const canFinish = (tile) => tile.state !== 'done' && !tile.finishing;

const findSelection = (id) => selections.get(id) || { on: false, picked: new Set(), last: null };

function makeDrafts(finish, choose, redraw) {
  const words = make('p');
  const [differ, pick, drop, all] = ['Pick 4 that differ', 'Select', 'Cancel', ''].map((text) => make('button', 'action small', { type: 'button' }, text));
  const root = make('div', 'drafts', { hidden: '' }, words, differ, pick, drop, all);
  const drafts = { root, words, differ, pick, drop, all, id: null };
  differ.addEventListener('click', () => choose(drafts.id));
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

// Updates repeat the last choice of the server. A new one becomes the selection. Returns the id of its round, or null.
function takeChoice(choice) {
  if (!choice || choice.name === shownChoice) return null;
  shownChoice = choice.name;
  selections.set(choice.round, { on: true, picked: new Set(choice.indices), last: null, words: choice.words });
  return choice.round;
}

function showDrafts({ root, words, differ, pick, drop, all }, data) {
  root.hidden = !data.drafts;
  if (!data.drafts) return;
  const left = data.tiles.filter(canFinish).length;
  const { on, picked, words: chosen } = findSelection(data.id);
  for (const index of [...picked]) if (!canFinish(data.tiles[index])) picked.delete(index);
  const advice = chosen || (on ? 'Pick those to finish.' : 'Click one to finish it.');
  setText(words, left ? `Drafts: stopped after ${data.drafts}. ${advice}` : 'No drafts are left.');
  setAttribute(words, 'title', JUDGING);
  pick.hidden = on || !left;
  differ.hidden = on || data.tiles.filter((tile) => tile.state === 'draft').length < LEAST_TO_CHOOSE;
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
