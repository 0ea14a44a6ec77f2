// Merges the server's updates into one view. An update holds what changed since its `base` (see seedlab/ui/updates.py).
const view = { run: null, version: 0, rounds: [], path: [], order: [], roots: [], script: null, choice: null, status: '', hint: '', note: '', focus: null, working: false };
const known = new Map();

// Returns the ids of the rounds that changed; null if the update is old. None before it may be missing (`isAhead`).
function merge(update) {
  if (update.run !== view.run) known.clear();
  else if (update.version <= view.version) return null;
  const { tree, rounds: changes, saved: _, ...rest } = update;
  Object.assign(view, rest, tree);
  const changed = Object.keys(changes).map(Number);
  for (const id of changed) known.set(id, mergeRound(known.get(id) || { id, tiles: [] }, changes[id]));
  if (tree) for (const id of [...known.keys()]) if (!tree.order.includes(id)) known.delete(id);
  view.rounds = view.path.map((id) => known.get(id));
  return changed;
}

function mergeRound(round, { header, common, recipes, tiles = {} }) {
  Object.assign(round, header);
  if (recipes) round.tiles = recipes.map((recipe) => ({ ...common, ...recipe }));
  for (const [index, state] of Object.entries(tiles)) Object.assign(round.tiles[index], state);
  round.tiles.forEach((tile, index) => { tile.varied = round.varied.includes(index); });
  return round;
}

// Whether the update comes after one that did not arrive.
const isAhead = (update) => (update.run !== view.run ? update.base !== 0 : update.base > view.version);
