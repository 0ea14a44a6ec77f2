// When live words ask for a draft, and which answers they show: state/typing.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOTHING, PAUSE, Typing } from '../../../seedlab/ui/static/js/state/typing.js';

function begin(t) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sent = [];
  const typing = new Typing((kind, { number }) => sent.push(`${kind} ${number}`), () => {});
  typing.turn(true);
  typing.take({ number: 1, state: 'none' });
  return { typing, sent, wait: (milliseconds) => t.mock.timers.tick(milliseconds) };
}

test('a draft is asked for after a pause, once for several letters', (t) => {
  const { typing, sent, wait } = begin(t);
  for (let letter = 0; letter < 5; letter += 1) {
    typing.type();
    wait(PAUSE - 1);
  }
  assert.deepEqual(sent, ['typed 1']);
  wait(1);
  assert.deepEqual(sent, ['typed 1', 'typed 2']);
});

test('the next letter ends the draft at once, and what still comes of it is dropped', (t) => {
  const { typing, sent, wait } = begin(t);
  typing.type();
  wait(PAUSE);
  typing.take({ number: 2, state: 'drafting', words: '3 of 12 steps', picture: 'a' });
  assert.equal(typing.shown.picture, 'a');
  typing.type();
  assert.equal(sent.at(-1), 'hush 2');
  assert.equal(typing.shown.isStale, true, 'it stays in sight, dimmed');
  typing.take({ number: 2, state: 'draft', words: '', picture: 'b' });
  assert.equal(typing.shown.picture, 'a');
  wait(PAUSE);
  typing.take({ number: 3, state: 'draft', words: '', picture: 'c' });
  assert.deepEqual([typing.shown.picture, typing.shown.isStale], ['c', false]);
  typing.type();
  assert.equal(sent.includes('hush 3'), false, 'a finished draft has nothing to end');
});

test('an error leaves the last draft in sight; words that are as they were show none', (t) => {
  const { typing, wait } = begin(t);
  typing.type();
  wait(PAUSE);
  typing.take({ number: 2, state: 'draft', words: '', picture: 'a' });
  typing.type();
  wait(PAUSE);
  typing.take({ number: 3, state: 'wrong' });
  assert.deepEqual([typing.shown.picture, typing.shown.isStale], ['a', true]);
  typing.type();
  wait(PAUSE);
  typing.take({ number: 4, state: 'none' });
  assert.equal(typing.shown, NOTHING);
});

test('while the switch is off nothing is asked, and switching it off ends the draft', (t) => {
  const { typing, sent, wait } = begin(t);
  typing.type();
  wait(PAUSE);
  typing.turn(false);
  assert.deepEqual(sent, ['typed 1', 'typed 2', 'hush 2']);
  typing.type();
  wait(PAUSE);
  assert.equal(sent.length, 3);
});
