// How many pictures of a round are side by side: state/layout.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseColumns } from '../../../seedlab/ui/static/js/state/layout.js';

for (const [count, ratio, box, columns] of [
  [4, 1, { width: 800, height: 700 }, 2],
  [4, 1, { width: 1600, height: 400 }, 4],
  [4, 2, { width: 500, height: 700 }, 1],
  [1, 1, { width: 300, height: 700 }, 1],
]) {
  test(`${count} pictures of ${ratio}:1 in ${box.width}x${box.height} are in ${columns} columns`, () => {
    assert.deepEqual(chooseColumns(count, ratio, box, 12, 28), { columns, isLong: false });
  });
}

test('64 pictures do not fit into one window', () => {
  assert.equal(chooseColumns(64, 1, { width: 700, height: 800 }, 6, 0).isLong, true);
});
