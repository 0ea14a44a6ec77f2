// Where the arrow keys lead.
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export const isStep = (key) => key in STEPS || key === 'Home' || key === 'End';

// `shown` has the indices of the tiles that are not hidden, in rows of so many columns. Returns the index to go to, or,
// over the first and below the last row, the round (-1 or 1).
export function step(key, index, shown, columns) {
  if (key === 'Home') return { index: shown[0] };
  if (key === 'End') return { index: shown.at(-1) };
  const [across, down] = STEPS[key];
  const place = shown.indexOf(index);
  if (place < 0) return { index: findNearest(index, shown, across + down > 0) };
  if (across) return { index: shown[Math.min(shown.length - 1, Math.max(0, place + across))] };
  const next = place + down * columns;
  if (next < 0) return { round: -1 };
  if (next < shown.length) return { index: shown[next] };
  const isLastRow = Math.floor(place / columns) === Math.floor((shown.length - 1) / columns);
  return isLastRow ? { round: 1 } : { index: shown.at(-1) };
}

// From a tile that has just been hidden.
function findNearest(index, shown, isForward) {
  const [before, after] = [shown.findLast((each) => each < index), shown.find((each) => each > index)];
  return isForward ? after ?? before : before ?? after;
}
