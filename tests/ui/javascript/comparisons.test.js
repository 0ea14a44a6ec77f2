// Choosing by pairs, where the server may not answer: state/comparisons.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Comparisons } from '../../../seedlab/ui/static/js/state/comparisons.js';

const SILENT = 'The server does not answer.';

// Asks a server that answers, until it is silent.
function begin() {
  const server = { isSilent: false };
  server.comparisons = new Comparisons(async (outcomes) => {
    if (server.isSilent) throw new Error(SILENT);
    return { pair: [0, 1], left: 3 - outcomes.length, order: [0, 1, 2] };
  });
  return server;
}

test('no comparison is lost where the server does not answer', async () => {
  const server = begin();
  const { comparisons } = server;
  await comparisons.rank([]);
  await comparisons.choose(1);
  await comparisons.choose(2);
  server.isSilent = true;
  await comparisons.undo();
  await comparisons.choose(0);
  assert.deepEqual(comparisons.outcomes, [[0, 1, 1], [0, 1, 2]]);
  assert.equal(comparisons.message, SILENT);
  server.isSilent = false;
  await comparisons.undo();
  assert.deepEqual(comparisons.outcomes, [[0, 1, 1]]);
  assert.equal(comparisons.message, '');
});

test('the first two can be asked for again', async () => {
  const server = begin();
  server.isSilent = true;
  await server.comparisons.rank([]);
  assert.equal(server.comparisons.pair, undefined);
  server.isSilent = false;
  await server.comparisons.rank([]);
  assert.deepEqual(server.comparisons.pair, [0, 1]);
});

test('a second click while one is asked about counts for nothing', async () => {
  const { comparisons } = begin();
  await comparisons.rank([]);
  await Promise.all([comparisons.choose(1), comparisons.choose(1)]);
  assert.equal(comparisons.outcomes.length, 1);
});
