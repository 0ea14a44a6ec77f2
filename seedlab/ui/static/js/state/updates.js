// Merges the server's updates into one view. An update holds what changed since its `base` (see seedlab/ui/views/updates.py).
import { findLinks, moveRounds } from './tree.js';

// `known` has the rounds that were on the screen, by id. Of all rounds, by id: `parents`, the [round, tile] that each was
// made from, null for first rounds; and `labels`, what first rounds are called.
export function makeView() {
  const shown = { rounds: [], path: [], order: [], roots: [], script: null, choice: null, status: '', hint: '', note: '', panel: { key: '', locked: '' }, focus: null, working: false };
  return { run: null, version: 0, ...shown, known: new Map(), parents: new Map(), labels: new Map() };
}

// Returns the ids of the rounds that changed; null if the update is old. None before it may be missing (`isAhead`).
export function merge(view, update) {
  if (update.run !== view.run) forget(view);
  else if (update.version <= view.version) return null;
  const { tree, rounds: changes, labels: added = {}, saved: written, ...rest } = update;
  const { known, parents, labels } = view;
  Object.assign(view, rest);
  for (const [id, { parent }] of Object.entries(written)) parents.set(Number(id), parent);
  for (const [id, label] of Object.entries(added)) labels.set(Number(id), label);
  const changed = new Set(Object.keys(changes).map(Number));
  for (const id of changed) known.set(id, mergeRound(known.get(id) || { id, tiles: [] }, changes[id]));
  if (tree) {
    moveRounds(view, tree);
    for (const id of linkRounds(view)) changed.add(id);
  }
  for (const id of changed) markVaried(known.get(id));
  return [...changed].filter((id) => known.has(id));
}

// Whether the update comes after one that did not arrive.
export const isAhead = (view, update) => (update.run !== view.run ? update.base !== 0 : update.base > view.version);

// The tile at a place on the screen, if there is one.
export const findTile = (view, at) => (at && view.path.includes(at.round) && view.known.get(at.round)?.tiles[at.index]) || null;

function forget(view) {
  for (const map of [view.known, view.parents, view.labels]) map.clear();
  Object.assign(view, { order: [], path: [] });
}

function mergeRound(round, { header, common, recipes, tiles = {} }) {
  Object.assign(round, header);
  if (recipes) round.tiles = recipes.map((recipe) => ({ ...common, ...recipe }));
  for (const [index, state] of Object.entries(tiles)) changeTile(round, index, state);
  return round;
}

// Notes what the tree says of the rounds on the screen. Returns the ids of those of which it changed.
function linkRounds(view) {
  const all = findLinks(view.path, view.parents);
  return view.rounds.filter((round, index) => {
    const text = JSON.stringify(all[index]);
    const isSame = text === round.links;
    Object.assign(round, all[index], { links: text });
    return !isSame;
  }).map(({ id }) => id);
}

function markVaried(round) {
  round?.tiles.forEach((tile, index) => {
    const varied = (round.varied || []).includes(index);
    if (tile.varied !== varied) changeTile(round, index, { varied });
  });
}

// A tile that changes is another object, so that views see at once which have changed.
export function changeTile(round, index, changes) {
  round.tiles[index] = { ...round.tiles[index], ...changes };
}
