// Marks that were given on the page and that the server has not repeated yet. They are sent one message after another, so
// that a later one cannot overtake an earlier one, and they outlast an update from before them.
import { isEqual, readMark } from './marks.js';
import { changeTile } from './updates.js';

export const PATIENCE = 5000; // milliseconds until the server's word counts

const isSame = (tile, mark) => isEqual(readMark(tile), mark);

export class PendingMarks {
  // `send` gets a round and its marks, as [index, mark].
  constructor(send, now = Date.now) {
    Object.assign(this, { send, now, waiting: new Map(), sent: new Map(), since: 0 });
  }

  add(round, marks) {
    this.waiting.set(round, new Map([...(this.waiting.get(round) || []), ...marks]));
    this.sendNext();
  }

  // Takes the server's update, which was merged into the view. Puts the newer marks back.
  take(view, { rounds }) {
    const isLate = this.now() - this.since > PATIENCE;
    for (const [round, marks] of this.sent) {
      const tiles = rounds[round]?.tiles || {};
      this.confirm(round, [...marks].filter(([index, mark]) => tiles[index] && isSame(tiles[index], mark)));
      // Of a round that is not shown, no update says anything.
      if (isLate || !view.path.includes(round)) this.sent.delete(round);
    }
    for (const marks of [this.sent, this.waiting]) restore(view, marks);
    this.sendNext();
  }

  // What waits and says the same as what the server has would get no answer.
  confirm(round, done) {
    const [marks, waiting] = [this.sent.get(round), this.waiting.get(round) || new Map()];
    for (const [index, mark] of done) {
      marks.delete(index);
      if (waiting.has(index) && isEqual(waiting.get(index), mark)) waiting.delete(index);
    }
    if (!marks.size) this.sent.delete(round);
    if (!waiting.size) this.waiting.delete(round);
  }

  sendNext() {
    if (this.sent.size && this.now() - this.since <= PATIENCE) return;
    const [next] = this.waiting;
    this.sent.clear();
    if (!next) return;
    const [round, marks] = next;
    this.waiting.delete(round);
    this.sent.set(round, marks);
    this.since = this.now();
    this.send(round, [...marks]);
  }
}

function restore(view, rounds) {
  for (const [round, marks] of rounds) {
    const data = view.known.get(round);
    for (const [index, mark] of marks) if (data && !isSame(data.tiles[index], mark)) changeTile(data, index, { mark });
  }
}
