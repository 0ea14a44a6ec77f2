// Marks of pictures: shown at once, and sent to the server, which keeps them with the trail.
import { changeMarks, describeMark, isEqual, MarkHistory, readMark, writeMark } from '../state/marks.js';
import { PATIENCE, PendingMarks } from '../state/pending_marks.js';
import { changeTile } from '../state/updates.js';

export class Culling {
  // `redraw` renders a round again, `send` tells the server, `say` announces a sentence.
  constructor(view, { redraw, send, say }) {
    const pending = new PendingMarks((round, marks) => {
      send('mark', { round, marks: marks.map(([index, mark]) => [index, writeMark(mark)]) });
      setTimeout(() => pending.sendNext(), PATIENCE + 1); // the server may have refused them
    });
    Object.assign(this, { view, redraw, say, pending, history: new MarkHistory(), isOnlyKept: false });
  }

  // After the server's update was merged into the view.
  take(update) {
    this.pending.take(this.view, update);
  }

  change(round, indices, name, value) {
    const tiles = indices.map((index) => this.view.known.get(round).tiles[index]);
    const before = tiles.map(readMark);
    this.history.push(round, indices.map((index, place) => [index, before[place]]));
    this.apply(round, changeMarks(before, name, value).map((mark, place) => [indices[place], mark]));
  }

  // Keeps these pictures alone, of those that were ranked.
  keepBest(round, best, others) {
    const tiles = this.view.known.get(round).tiles;
    const before = [...best, ...others].map((index) => [index, readMark(tiles[index])]);
    this.history.push(round, before);
    this.apply(round, before.map(([index, mark], place) => [index, { ...mark, kept: place < best.length ? true : leave(mark.kept) }]));
  }

  undo() {
    const last = this.history.pop();
    if (last && this.view.known.has(last.round)) this.apply(last.round, last.before);
    else this.say('There is no mark to take back.');
  }

  apply(round, marks) {
    const { tiles } = this.view.known.get(round);
    const changed = marks.filter(([index, mark]) => !isEqual(readMark(tiles[index]), mark));
    for (const [index, mark] of changed) changeTile(this.view.known.get(round), index, { mark });
    const [[first, mark]] = marks;
    this.say(`${marks.length === 1 ? `Seed ${tiles[first].seed}` : `${marks.length} pictures`}: ${describeMark(mark)}`);
    this.redraw(round);
    if (changed.length) this.pending.add(round, changed);
  }

  // Whether a tile is left out: the filter is for the large round, and only where something is kept.
  isHidden({ tiles }, index, isLarge) {
    return this.isOnlyKept && isLarge && countKept(tiles) > 0 && tiles[index].mark?.kept !== true;
  }
}

// What was kept is kept no more; what was rejected stays so.
const leave = (kept) => (kept === true ? null : kept);

export const countKept = (tiles) => tiles.filter(({ mark }) => mark?.kept === true).length;
