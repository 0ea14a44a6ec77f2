// Which pictures are compared with one.
import { findTile } from './updates.js';

export const MOST = 4; // as in seedlab/ui/views/differences.py

export const isSame = (one, other) => Boolean(one && other) && one.round === other.round && one.index === other.index;

// The tile that one was made from: that of the same seed, where the round repeats the seeds of the one before it.
export function findParent(view, at) {
  const round = view.known.get(at.round);
  return round?.parent ? { round: round.parent[0], index: round.twins[at.index] ?? round.parent[1] } : null;
}

// The pinned pictures and this one; else its parent and it; else it and the next one of its round. Null if there is no
// other picture.
export function choosePair(view, at, pins) {
  const isShown = (place) => Boolean(findTile(view, place)?.url);
  if (!at || !isShown(at)) return null;
  const others = pins.filter((place) => !isSame(place, at) && isShown(place)).slice(1 - MOST);
  if (others.length) return [...others, at];
  const parent = findParent(view, at);
  if (isShown(parent)) return [parent, at];
  const { tiles } = view.known.get(at.round);
  const places = tiles.map((_, index) => ({ round: at.round, index })).filter((place) => isShown(place) && !isSame(place, at));
  const next = places.find(({ index }) => index > at.index) ?? places[0];
  return next ? [at, next] : null;
}
