// Merges the server's updates into one view. An update holds what changed since its `base` (see seedlab/ui/updates.py).
const view = { run: null, version: 0, rounds: [], path: [], order: [], roots: [], script: null, choice: null, status: '', hint: '', note: '', focus: null, working: false };
const known = new Map();
// Of all rounds, by id: the [round, tile] that each was made from, null for first rounds; and what first rounds are called.
const parents = new Map();
const labels = new Map();

// Returns the ids of the rounds that changed; null if the update is old. None before it may be missing (`isAhead`).
function merge(update) {
  if (update.run !== view.run) forget();
  else if (update.version <= view.version) return null;
  const { tree, rounds: changes, labels: added = {}, saved: written, ...rest } = update;
  Object.assign(view, rest);
  for (const [id, { parent }] of Object.entries(written)) parents.set(Number(id), parent);
  for (const [id, label] of Object.entries(added)) labels.set(Number(id), label);
  const changed = new Set(Object.keys(changes).map(Number));
  for (const id of changed) known.set(id, mergeRound(known.get(id) || { id, tiles: [] }, changes[id]));
  if (tree) {
    moveRounds(tree);
    linkRounds().forEach((id) => changed.add(id));
  }
  for (const id of changed) markVaried(known.get(id));
  // For the next event (ADD_SEEN in seedlab/ui/layout.py).
  sheet.dataset.seen = `${view.run} ${view.version}`;
  return [...changed];
}

function forget() {
  for (const map of [known, parents, labels]) map.clear();
  Object.assign(view, { order: [], path: [] });
}

function mergeRound(round, { header, common, recipes, tiles = {} }) {
  Object.assign(round, header);
  if (recipes) round.tiles = recipes.map((recipe) => ({ ...common, ...recipe }));
  for (const [index, state] of Object.entries(tiles)) Object.assign(round.tiles[index], state);
  return round;
}

function moveRounds({ kept, path, moved, gone, focus }) {
  const left = new Set([...(gone || view.order), ...moved]);
  view.order = [...view.order.filter((id) => !left.has(id)), ...moved];
  view.path = [...view.path.slice(0, kept), ...path];
  view.focus = focus;
  const order = new Set(view.order);
  for (const map of [known, parents, labels]) for (const id of [...map.keys()]) if (!order.has(id)) map.delete(id);
  view.rounds = view.path.map((id) => known.get(id));
  const roots = [...labels.keys()].sort((a, b) => a - b);
  view.roots = roots.length < 2 ? [] : roots.map((id) => ({ id, label: labels.get(id), current: id === view.path[0] }));
}

// Finds what the tree says of the rounds on the screen. Returns the ids of those of which it changed.
function linkRounds() {
  const children = new Map();
  for (const [id, parent] of parents) if (parent) children.set(String(parent), [...(children.get(String(parent)) || []), id]);
  const locked = new Map(view.rounds.filter(({ parent }) => parent).map(({ parent }) => parent));
  return view.rounds.filter((round) => {
    const siblings = (round.parent && children.get(String(round.parent))) || [];
    const links = {
      locked: locked.get(round.id) ?? null,
      siblings: siblings.length > 1 ? siblings.sort((a, b) => a - b) : [],
      varied: round.tiles.flatMap((_, index) => (children.has(`${round.id},${index}`) ? [index] : [])),
    };
    const isSame = JSON.stringify(links) === round.links;
    Object.assign(round, links, { links: JSON.stringify(links) });
    return !isSame;
  }).map(({ id }) => id);
}

function markVaried({ tiles, varied = [] }) {
  tiles.forEach((tile, index) => { tile.varied = varied.includes(index); });
}

// Whether the update comes after one that did not arrive.
const isAhead = (update) => (update.run !== view.run ? update.base !== 0 : update.base > view.version);
