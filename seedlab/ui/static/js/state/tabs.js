// The tabs of first rounds: which picture stands for a round, and whether a thumbnail that was kept is still its own. No
// browser is needed.

export const THUMBS_KEY = 'seedlab-tabs';

// The index of the picture that was locked, else of the first that is kept, else of the first one; -1 for none.
export function choosePicture({ tiles, locked }) {
  const isShown = (tile) => Boolean(tile?.url);
  if (isShown(tiles[locked])) return locked;
  const kept = tiles.findIndex((tile) => isShown(tile) && tile.mark?.kept === true);
  return kept < 0 ? tiles.findIndex(isShown) : kept;
}

// Names a round by what is saved of it, apart from its marks: another tab of the browser may give its id to another round.
export function nameRound(text) {
  const { rule, base } = JSON.parse(text);
  let hash = 5381;
  for (const letter of JSON.stringify([rule, base])) hash = (Math.imul(hash, 33) ^ letter.codePointAt(0)) >>> 0;
  return hash.toString(36);
}
