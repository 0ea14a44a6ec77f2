// Which tiles of each round are selected, by Ctrl or Shift and a click, a long press, or the button of a round of drafts.

// Fewer drafts are quickly looked at.
export const LEAST_TO_CHOOSE = 6;

// Whether a tile's whole picture can still be asked for.
export const canFinish = (tile) => tile.state !== 'done' && !tile.finishing;

// `isOn`: whether a click selects. `last`: the index from which Shift and a click select. `words`: why these were chosen.
const NONE = Object.freeze({ isOn: false, picked: new Set(), last: null, words: '' });

export class Selections {
  constructor() {
    this.byRound = new Map();
    this.shownChoice = null;
  }

  find(id) {
    return this.byRound.get(id) || NONE;
  }

  begin(id) {
    this.byRound.set(id, { ...this.find(id), isOn: true });
  }

  clear(id) {
    this.byRound.delete(id);
  }

  isPicking(id, event) {
    return Boolean(this.find(id).isOn || event.ctrlKey || event.metaKey || event.shiftKey);
  }

  // Adds a tile, or takes it out again; adds all from the last one to it if `isRange`. A selection that was begun by a
  // button goes on when it is empty. Hidden tiles are left alone.
  pick(id, index, isRange, isHidden = () => false) {
    const { picked: before, last } = this.find(id);
    const picked = new Set(before);
    const from = isRange && last !== null ? last : index;
    const isAdding = isRange || !picked.has(index);
    for (let each = Math.min(from, index); each <= Math.max(from, index); each += 1) {
      if (!isAdding) picked.delete(each);
      else if (!isHidden(each)) picked.add(each);
    }
    this.byRound.set(id, { isOn: true, picked, last: index, words: '' });
  }

  // The tiles that are selected and shown, in their order.
  list({ id, tiles }, isHidden = () => false) {
    return [...this.find(id).picked].filter((index) => index < tiles.length && !isHidden(index)).sort((a, b) => a - b);
  }

  // Updates repeat the last choice of the server. A new one becomes the selection. Returns the id of its round, or null.
  takeChoice(choice) {
    if (!choice || choice.name === this.shownChoice) return null;
    this.shownChoice = choice.name;
    this.byRound.set(choice.round, { isOn: true, picked: new Set(choice.indices), last: null, words: choice.words });
    return choice.round;
  }
}
