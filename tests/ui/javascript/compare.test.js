// Which pictures are compared, how they are zoomed, and how they differ: state/pairs.js, zoom.js and difference.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amplify, describe, measure } from '../../../seedlab/ui/static/js/state/difference.js';
import { choosePair } from '../../../seedlab/ui/static/js/state/pairs.js';
import { FIT, findActual, pan, zoomAt } from '../../../seedlab/ui/static/js/state/zoom.js';

const tiles = (count) => Array.from({ length: count }, (_, index) => ({ url: `${index}.png` }));
const view = {
  path: [1, 2],
  known: new Map([[1, { tiles: tiles(4), parent: null, twins: [] }], [2, { tiles: tiles(4), parent: [1, 2], twins: [] }], [3, { tiles: tiles(1), parent: null, twins: [] }]]),
};
const at = (round, index) => ({ round, index });

test('a picture is compared with its parent', () => assert.deepEqual(choosePair(view, at(2, 1), []), [at(1, 2), at(2, 1)]));

test('where a round repeats the seeds of the one before it, with that of its seed', () => {
  const repeated = { ...view, known: new Map(view.known).set(2, { tiles: tiles(4), parent: [1, 2], twins: [0, 1, 2, 3] }) };
  assert.deepEqual(choosePair(repeated, at(2, 1), []), [at(1, 1), at(2, 1)]);
});

test('of a first round, with the next picture', () => {
  assert.deepEqual(choosePair(view, at(1, 0), []), [at(1, 0), at(1, 1)]);
  assert.deepEqual(choosePair(view, at(1, 3), []), [at(1, 3), at(1, 0)]);
});

test('pinned pictures come first, and four are the most', () => {
  const pins = [at(1, 0), at(1, 1), at(1, 2), at(1, 3)];
  assert.deepEqual(choosePair(view, at(2, 0), pins), [...pins.slice(1), at(2, 0)]);
  assert.deepEqual(choosePair(view, at(1, 1), [at(1, 1)]), [at(1, 1), at(1, 2)], 'one is not compared with itself');
  assert.deepEqual(choosePair(view, at(2, 0), [at(3, 0)]), [at(1, 2), at(2, 0)], 'nor with one that is not on the screen');
});

test('there may be nothing to compare with', () => {
  const lone = { path: [1], known: new Map([[1, { tiles: [{ url: 'x.png' }, { url: null }], parent: null, twins: [] }]]) };
  assert.equal(choosePair(lone, at(1, 0), []), null);
  assert.equal(choosePair(lone, at(1, 1), []), null);
});

const BOX = { width: 400, height: 200 };

test('what is under the pointer stays there', () => {
  const zoomed = zoomAt(FIT, 2, { x: 100, y: 50 }, BOX, 8);
  assert.deepEqual(zoomed, { zoom: 2, x: -100, y: -50 });
  assert.deepEqual(zoomAt(zoomed, 1 / 2, { x: 100, y: 50 }, BOX, 8), { zoom: 1, x: 0, y: 0 });
});

test('a picture is neither zoomed nor moved out of its box', () => {
  assert.equal(zoomAt(FIT, 100, { x: 0, y: 0 }, BOX, 8).zoom, 8);
  assert.equal(zoomAt(FIT, 0.1, { x: 0, y: 0 }, BOX, 8).zoom, 1);
  assert.deepEqual(pan({ zoom: 2, x: -100, y: -50 }, 1000, -1000, BOX), { zoom: 2, x: 0, y: -200 });
});

test('one to one depends on how large the picture fits', () => {
  assert.equal(findActual({ width: 1024, height: 1024 }, BOX), 5.12);
  assert.equal(findActual({ width: 64, height: 64 }, BOX), 1);
});

const pixels = (...values) => Uint8ClampedArray.from(values.flatMap((value) => [value, value, value, 255]));

test('differences are measured and amplified', () => {
  const [one, other] = [pixels(0, 10, 200, 7), pixels(0, 12, 100, 7)];
  assert.deepEqual(measure(one, other), { part: 0.5, most: 100 });
  const into = new Uint8ClampedArray(16);
  amplify(one, other, 8, into);
  assert.deepEqual([...into.filter((_, index) => index % 4 === 0)], [0, 16, 255, 0]);
  assert.deepEqual([...into.filter((_, index) => index % 4 === 3)], [255, 255, 255, 255]);
});

for (const [part, most, words] of [
  [0, 0, 'Both pictures have the same pixels.'], [0.5, 81, '50 % of the pixels differ, by 81 of 255 at most.'],
  [0.001, 3, 'Fewer than 1 % of the pixels differ, by 3 of 255 at most.'], [0.999, 3, 'Almost all pixels differ, by 3 of 255 at most.'],
  [1, 9, 'All pixels differ, by 9 of 255 at most.'],
]) {
  test(`${part} of the pixels, ${most} at most: “${words}”`, () => assert.equal(describe({ part, most }), words));
}
