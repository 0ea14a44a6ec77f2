// Marks, steps of the arrow keys, and selections: state/marks.js, steps.js and selection.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeMarks, describeMark, MarkHistory, UNMARKED, writeMark } from '../../../seedlab/ui/static/js/state/marks.js';
import { PendingMarks } from '../../../seedlab/ui/static/js/state/pending_marks.js';
import { Selections } from '../../../seedlab/ui/static/js/state/selection.js';
import { step } from '../../../seedlab/ui/static/js/state/steps.js';

test('a mark is given, and the same again takes it back', () => {
  const [kept] = changeMarks([UNMARKED], 'keep');
  assert.deepEqual(kept, { kept: true, stars: 0 });
  assert.deepEqual(changeMarks([kept], 'reject'), [{ kept: false, stars: 0 }]);
  assert.deepEqual(changeMarks([kept], 'keep'), [UNMARKED]);
  const [starred] = changeMarks([kept], 'stars', 3);
  assert.deepEqual(starred, { kept: true, stars: 3 });
  assert.deepEqual(changeMarks([starred], 'stars', 3), [kept]);
});

test('of several tiles, those without the mark get it first', () => {
  const kept = { kept: true, stars: 0 };
  assert.deepEqual(changeMarks([kept, UNMARKED], 'keep'), [kept, kept]);
  assert.deepEqual(changeMarks([kept, kept], 'keep'), [UNMARKED, UNMARKED]);
});

test('a mark is written without what says nothing, and “rejected” says something', () => {
  assert.deepEqual([UNMARKED, { kept: false, stars: 0 }, { kept: null, stars: 2 }].map(writeMark), [{}, { kept: false }, { stars: 2 }]);
});

test('a mark is said in words', () => {
  assert.deepEqual([UNMARKED, { kept: true, stars: 1 }, { kept: false, stars: 3 }].map(describeMark), ['no mark', 'kept, 1 star', 'rejected, 3 stars']);
});

test('steps are undone from the last one, and there is an end', () => {
  const history = new MarkHistory();
  for (let round = 1; round <= 300; round += 1) history.push(round, []);
  assert.equal(history.pop().round, 300);
  for (let count = 1; count < 200; count += 1) assert.ok(history.pop());
  assert.equal(history.pop(), null);
});

const KEPT = { kept: true, stars: 0 };
const REJECTED = { kept: false, stars: 0 };

function mark(pending, view, index, mark) {
  view.known.get(1).tiles[index].mark = mark;
  pending.add(1, [[index, mark]]);
}

const answer = (view, index, mark) => {
  view.known.get(1).tiles[index] = { mark };
  return { rounds: { 1: { tiles: { [index]: { mark } } } } };
};

test('marks are sent one message after another, and an answer to an earlier one does not replace them', () => {
  const sent = [];
  const view = { path: [1], known: new Map([[1, { tiles: [{}, {}] }]]) };
  const pending = new PendingMarks((round, marks) => sent.push([round, marks]));
  mark(pending, view, 0, KEPT);
  mark(pending, view, 0, UNMARKED);
  mark(pending, view, 1, REJECTED);
  assert.deepEqual(sent, [[1, [[0, KEPT]]]]);
  pending.take(view, answer(view, 0, { kept: true }));
  assert.deepEqual(view.known.get(1).tiles.map((tile) => tile.mark), [UNMARKED, REJECTED]);
  assert.deepEqual(sent[1], [1, [[0, UNMARKED], [1, REJECTED]]]);
  pending.take(view, answer(view, 0, {}));
  pending.take(view, answer(view, 1, { kept: false }));
  mark(pending, view, 1, KEPT);
  assert.equal(sent.length, 3);
});

test('what says the same as the server has is not sent again', () => {
  const sent = [];
  const view = { path: [1], known: new Map([[1, { tiles: [{}] }]]) };
  const pending = new PendingMarks((...message) => sent.push(message));
  for (const each of [KEPT, UNMARKED, KEPT]) mark(pending, view, 0, each);
  pending.take(view, answer(view, 0, { kept: true }));
  mark(pending, view, 0, UNMARKED);
  assert.equal(sent.length, 2);
});

test('a mark that the server does not repeat is given up, and the next is sent', () => {
  let now = 0;
  const sent = [];
  const view = { path: [1], known: new Map([[1, { tiles: [{}] }]]) };
  const pending = new PendingMarks((...message) => sent.push(message), () => now);
  mark(pending, view, 0, KEPT);
  now = 6000;
  pending.take(view, answer(view, 0, {}));
  assert.deepEqual(view.known.get(1).tiles[0].mark, {});
  mark(pending, view, 0, REJECTED);
  assert.equal(sent.length, 2);
});

const ALL = [0, 1, 2, 3, 4, 5, 6];
for (const [key, from, to] of [
  ['ArrowRight', 0, { index: 1 }], ['ArrowLeft', 0, { index: 0 }], ['ArrowDown', 1, { index: 4 }], ['ArrowUp', 4, { index: 1 }],
  ['ArrowUp', 1, { round: -1 }], ['ArrowDown', 6, { round: 1 }], ['ArrowDown', 5, { index: 6 }], ['End', 2, { index: 6 }], ['Home', 2, { index: 0 }],
]) {
  test(`${key} leads from ${from} to ${JSON.stringify(to)} in rows of three`, () => assert.deepEqual(step(key, from, ALL, 3), to));
}

test('tiles that are hidden are left out', () => assert.deepEqual(step('ArrowRight', 1, [1, 4, 6], 3), { index: 4 }));

test('a click with a key selects, with Shift all from the last one', () => {
  const selections = new Selections();
  const tiles = ALL.map(() => ({}));
  assert.equal(selections.isPicking(1, {}), false);
  assert.equal(selections.isPicking(1, { ctrlKey: true }), true);
  selections.pick(1, 1, false);
  selections.pick(1, 4, true);
  selections.pick(1, 2, false);
  assert.deepEqual(selections.list({ id: 1, tiles }), [1, 3, 4]);
  assert.equal(selections.isPicking(1, {}), true);
  assert.equal(selections.isPicking(2, {}), false);
  selections.clear(1);
  assert.deepEqual(selections.list({ id: 1, tiles }), []);
});

test('hidden tiles are neither selected nor stepped to', () => {
  const selections = new Selections();
  const isHidden = (index) => index === 2;
  selections.pick(1, 1, false);
  selections.pick(1, 3, true, isHidden);
  assert.deepEqual(selections.list({ id: 1, tiles: ALL }), [1, 3]);
  assert.deepEqual(selections.list({ id: 1, tiles: ALL }, (index) => index === 3), [1]);
  const shown = [0, 1, 4, 5];
  assert.deepEqual(['ArrowLeft', 'ArrowRight'].map((key) => step(key, 3, shown, 2)), [{ index: 1 }, { index: 4 }]);
  assert.deepEqual(['ArrowDown', 'ArrowUp'].map((key) => step(key, 7, shown, 2)), [{ index: 5 }, { index: 5 }]);
});

test('a choice of the server is taken once', () => {
  const selections = new Selections();
  const choice = { name: 'a', round: 1, indices: [0, 2], words: 'They differ.' };
  assert.equal(selections.takeChoice(choice), 1);
  selections.clear(1);
  assert.equal(selections.takeChoice(choice), null);
  assert.equal(selections.find(1).isOn, false);
});

test('marks of a round that is not shown do not hold up others', () => {
  const sent = [];
  const view = { path: [2], known: new Map([[1, { tiles: [{}] }], [2, { tiles: [{}] }]]) };
  const pending = new PendingMarks((round) => sent.push(round), () => 0);
  pending.add(1, [[0, KEPT]]);
  pending.add(2, [[0, KEPT]]);
  pending.take(view, { rounds: {} });
  assert.deepEqual(sent, [1, 2]);
});
