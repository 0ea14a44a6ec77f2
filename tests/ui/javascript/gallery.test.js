// What the gallery's fields ask for: gallery/search.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeCount, isFiltered, NO_FILTER, writeSearch } from '../../../seedlab/ui/static/js/gallery/search.js';

test('empty fields find everything', () => {
  assert.deepEqual(writeSearch(NO_FILTER), { words: '', model: '', seed: '', stars: 0, kept: false, since: null });
  assert.equal(isFiltered(NO_FILTER), false);
});

test('periods are of whole days, and include today', () => {
  const now = new Date(2026, 2, 10, 15, 30);
  const startOf = (day) => new Date(2026, 2, day).getTime() / 1000;
  assert.equal(writeSearch({ ...NO_FILTER, days: '1' }, now).since, startOf(10));
  assert.equal(writeSearch({ ...NO_FILTER, days: '7' }, now).since, startOf(4));
});

test('the count is said in words', () => {
  assert.equal(describeCount(1, NO_FILTER), '1 picture');
  assert.equal(describeCount(20000, NO_FILTER), '20,000 pictures');
  assert.match(describeCount(0, NO_FILTER), /no pictures yet/);
  assert.match(describeCount(0, { ...NO_FILTER, isKept: true }), /search for less/);
});
