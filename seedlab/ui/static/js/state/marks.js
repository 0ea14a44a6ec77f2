// Marks of pictures, as in seedlab/workflow/trails/mark.py, and how to take them back.
// What is not said has these values.
export const UNMARKED = Object.freeze({ kept: null, stars: 0 });

// Each key or button gives a mark, and takes it back where all have it already.
export const CHANGES = {
  keep: (mark) => ({ ...mark, kept: true }),
  reject: (mark) => ({ ...mark, kept: false }),
  stars: (mark, stars) => ({ ...mark, stars }),
};

export const isEqual = (one, other) => one.kept === other.kept && one.stars === other.stars;

export function changeMarks(marks, name, value) {
  const changed = marks.map((mark) => CHANGES[name](mark, value));
  if (!changed.every((mark, index) => isEqual(mark, marks[index]))) return changed;
  return marks.map((mark) => (name === 'stars' ? { ...mark, stars: 0 } : { ...mark, kept: null }));
}

export const readMark = ({ mark }) => ({ ...UNMARKED, ...mark });

// A few words for screen readers.
export function describeMark({ kept, stars }) {
  const words = [kept === true && 'kept', kept === false && 'rejected', stars && (stars === 1 ? '1 star' : `${stars} stars`)].filter(Boolean);
  return words.join(', ') || 'no mark';
}

// As the server reads it: without what says nothing.
export const writeMark = ({ kept, stars }) => ({ ...(kept === null ? {} : { kept }), ...(stars ? { stars } : {}) });

const MOST = 200; // steps that can be undone

export class MarkHistory {
  constructor() {
    this.steps = [];
  }

  // `before` has the marks of a round's tiles, by their indices.
  push(round, before) {
    this.steps = [...this.steps.slice(1 - MOST), { round, before }];
  }

  pop() {
    return this.steps.pop() || null;
  }
}
