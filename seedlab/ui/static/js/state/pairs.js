// Places of tiles: { round, index }, with the round's id.
export const isSame = (one, other) => Boolean(one && other) && one.round === other.round && one.index === other.index;

// The tile that one was made from: that of the same seed, where the round repeats the seeds of the one before it.
export function findParent(view, at) {
  const round = view.known.get(at.round);
  return round?.parent ? { round: round.parent[0], index: round.twins[at.index] ?? round.parent[1] } : null;
}
