// What the page makes of the server's updates: state/updates.js and state/tree.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLinks } from '../../../seedlab/ui/static/js/state/tree.js';
import { findTile, isAhead, makeView, merge } from '../../../seedlab/ui/static/js/state/updates.js';

const header = (parent) => ({ title: '', parent });
const round = (parent, seeds) => ({ header: header(parent), common: { lead: 'cat' }, recipes: seeds.map((seed) => ({ seed })) });
const whole = (order, path) => ({ kept: 0, path, moved: order, gone: null, focus: path.at(-1) ?? null });
const first = (changes = {}) => ({
  run: 'a', version: 1, base: 0, status: '', labels: { 1: 'cat' }, saved: { 1: { parent: null } }, rounds: { 1: round(null, ['0', '1']) },
  tree: whole([1], [1]), ...changes,
});
const second = {
  run: 'a', version: 2, base: 1, saved: { 2: { parent: [1, 1] } }, rounds: { 2: round([1, 1], ['1']) },
  tree: { kept: 1, path: [2], moved: [2], gone: [], focus: 2 },
};

function show(...updates) {
  const view = makeView();
  return [view, updates.map((update) => merge(view, update))];
}

test('a tile has what is common to its round, what is special about it, and its state', () => {
  const [view] = show(first(), { run: 'a', version: 2, base: 1, saved: {}, rounds: { 1: { tiles: { 1: { state: 'done', url: 'x.png' } } } } });
  assert.deepEqual(findTile(view, { round: 1, index: 1 }), { lead: 'cat', seed: '1', state: 'done', url: 'x.png', varied: false });
});

test('a new round comes after the one that it was made from, whose tile is locked', () => {
  const [view, changed] = show(first(), second);
  assert.deepEqual(changed, [[1], [2, 1]]);
  assert.deepEqual([view.path, view.order, view.focus], [[1, 2], [1, 2], 2]);
  assert.equal(view.known.get(1).locked, 1);
  assert.deepEqual(view.known.get(1).tiles.map((tile) => tile.varied), [false, true]);
});

test('an update that is older than what is shown is dropped', () => {
  const [view, changed] = show(first(), second, { ...first(), version: 1 });
  assert.equal(changed.at(-1), null);
  assert.equal(view.version, 2);
});

test('an update whose base has not arrived is noticed', () => {
  const [view] = show(first());
  assert.equal(isAhead(view, { ...second, base: 1 }), false);
  assert.equal(isAhead(view, { ...second, base: 2 }), true);
  assert.equal(isAhead(view, { ...second, run: 'b' }), true);
  assert.equal(isAhead(view, { ...second, run: 'b', base: 0 }), false);
});

test('a session after a restart of the server begins anew', () => {
  const [view] = show(first(), second, first({ run: 'b' }));
  assert.deepEqual([view.path, [...view.known.keys()]], [[1], [1]]);
  assert.equal(view.known.get(1).locked, null);
});

test('rounds that made room for others are forgotten', () => {
  const gone = { run: 'a', version: 3, base: 2, labels: { 3: 'dog' }, saved: { 3: { parent: null } }, rounds: { 3: round(null, ['7']) } };
  const [view] = show(first(), second, { ...gone, tree: { kept: 0, path: [3], moved: [3], gone: [1, 2], focus: 3 } });
  assert.deepEqual([[...view.known.keys()], [...view.parents.keys()], view.roots], [[3], [3], []]);
});

test('first rounds are listed once there are several', () => {
  const other = { run: 'a', version: 2, base: 1, labels: { 2: 'dog' }, saved: { 2: { parent: null } }, rounds: { 2: round(null, ['7']) } };
  const [view] = show(first(), { ...other, tree: { kept: 0, path: [2], moved: [2], gone: [], focus: 2 } });
  assert.deepEqual(view.roots, [{ id: 1, label: 'cat', current: false }, { id: 2, label: 'dog', current: true }]);
});

test('rounds of one picture are siblings, in the order in which they were made', () => {
  const parents = new Map([[1, null], [4, [1, 0]], [2, [1, 0]], [3, [1, 2]]]);
  assert.deepEqual(findLinks([1, 2], parents), [
    { locked: 0, siblings: [], varied: [0, 2] },
    { locked: null, siblings: [2, 4], varied: [] },
  ]);
});
