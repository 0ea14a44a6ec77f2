// Which picture stands for a first round: state/tabs.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePicture, nameRound } from '../../../seedlab/ui/static/js/state/tabs.js';

const done = { url: 'a.png' };
const kept = { url: 'b.png', mark: { kept: true } };
const waiting = { url: null };

test('the locked picture stands for its round, else the first that is kept, else the first one', () => {
  assert.equal(choosePicture({ tiles: [done, kept, done], locked: 2 }), 2);
  assert.equal(choosePicture({ tiles: [done, done], locked: 0 }), 0);
  assert.equal(choosePicture({ tiles: [waiting, done, kept], locked: null }), 2);
  assert.equal(choosePicture({ tiles: [waiting, done], locked: 0 }), 1, 'its file is gone');
  assert.equal(choosePicture({ tiles: [waiting], locked: null }), -1);
});

test('a round keeps its name when its pictures are marked, and another round has another', () => {
  const round = { id: 1, parent: null, rule: { name: 'seeds', values: [0] }, base: { prompt: 'cat' }, tiles: [{ value: 0 }] };
  const name = nameRound(JSON.stringify(round));
  assert.equal(nameRound(JSON.stringify({ ...round, tiles: [{ value: 0, mark: { stars: 3 } }] })), name);
  assert.notEqual(nameRound(JSON.stringify({ ...round, base: { prompt: 'dog' } })), name);
});
