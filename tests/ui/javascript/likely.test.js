// Where the user rests: page/likely.js.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Likely } from '../../../seedlab/ui/static/js/page/likely.js';

const makeTile = (round, index) => ({ dataset: { index }, closest: () => ({ dataset: { id: round } }) });
const pointAt = (figure) => ({ closest: () => figure });

test('a tile is told once the pointer has rested on it, and none that it only passed', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const sent = [];
  const likely = new Likely((kind, at) => sent.push([kind, at]));
  likely.expect(pointAt(makeTile(1, 0)));
  mock.timers.tick(300);
  likely.expect(pointAt(makeTile(1, 2)));
  mock.timers.tick(300);
  assert.deepEqual(sent, []);
  mock.timers.tick(100);
  assert.deepEqual(sent, [['likely', { round: 1, index: 2 }]]);
  likely.expect(pointAt(makeTile(1, 3)));
  likely.expect(pointAt(null));
  mock.timers.tick(1000);
  assert.equal(sent.length, 1);
  mock.timers.reset();
});
