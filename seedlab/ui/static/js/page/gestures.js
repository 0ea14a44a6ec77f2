// What tiles are told by mouse, finger and keyboard. A click chooses, a double click or Space looks closely, a long press
// selects. A mouse's click waits until it cannot be a double click: no second press has begun. What has no picture cannot
// be looked at, and does not wait.
const SECOND_PRESS = 140; // milliseconds
const DOUBLE_CLICK = 500; // milliseconds: from the second press to the browser's double click
const LONG_PRESS = 500;
const MOVED = 10; // pixels: a finger that scrolls does not press

const findFigure = ({ target }) => target.closest?.('.tile[data-index]');
const findFrame = ({ target }) => target.closest?.('.frame') && target.closest('.tile[data-index]');
const hasPicture = (figure) => !figure.querySelector('.picture').hidden;

export const findPlace = (figure) => ({ round: Number(figure.closest('.round').dataset.id), index: Number(figure.dataset.index) });

// `page` has the functions choose(at, event), press(at), which marks what a click will choose, isPicking(at, event),
// look(at), select(at), cancel(round), focus(at), load(at) and miss(at).
export function listenToTiles(row, page) {
  const state = { pointer: '', timers: new WeakMap(), isLong: false };
  row.addEventListener('click', (event) => click(event, state, page));
  row.addEventListener('pointerdown', (event) => pressAgain(event, state));
  row.addEventListener('dblclick', (event) => doubleClick(event, state, page));
  row.addEventListener('keydown', (event) => pressSpace(event, page));
  row.addEventListener('keydown', (event) => { if (event.key === 'Escape' && page.cancel(Number(event.target.closest('.round').dataset.id))) event.preventDefault(); });
  row.addEventListener('keyup', (event) => { if (event.key === ' ' && canLook(event)) event.preventDefault(); });
  row.addEventListener('focusin', (event) => { if (findFrame(event)) page.focus(findPlace(findFrame(event))); });
  listenToPress(row, state, page);
  for (const [kind, note] of [['load', page.load], ['error', page.miss]]) {
    row.addEventListener(kind, (event) => { if (event.target.matches?.('.picture')) note(findPlace(findFigure(event))); }, true);
  }
}

function click(event, state, page) {
  if (state.isLong) { // the end of a long press
    state.isLong = false;
    return;
  }
  if (event.target.closest('.look')) {
    page.look(findPlace(findFigure(event)));
    return;
  }
  const figure = findFrame(event);
  if (!figure) return;
  state.pointer = event.pointerType;
  if (event.detail > 1 && state.timers.has(figure)) return;
  const at = findPlace(figure);
  if (event.pointerType !== 'mouse' || !hasPicture(figure) || page.isPicking(at, event)) {
    page.choose(at, event);
    return;
  }
  wait(state.timers, figure, () => page.choose(at, event), SECOND_PRESS);
  page.press(at);
}

function wait(timers, figure, choose, time) {
  clearTimeout(timers.get(figure)?.timer);
  const end = () => {
    timers.delete(figure);
    choose();
  };
  timers.set(figure, { timer: setTimeout(end, time), choose });
}

// The second press of a double click: the choice waits for its end.
function pressAgain(event, { timers }) {
  const figure = findFrame(event);
  if (figure && timers.has(figure)) wait(timers, figure, timers.get(figure).choose, DOUBLE_CLICK);
}

function doubleClick(event, { pointer, timers }, page) {
  const figure = findFrame(event);
  if (!figure || pointer === 'touch' || !hasPicture(figure)) return;
  clearTimeout(timers.get(figure)?.timer);
  timers.delete(figure);
  page.look(findPlace(figure));
}

const canLook = (event) => Boolean(findFrame(event)) && hasPicture(findFrame(event));

function pressSpace(event, page) {
  if (event.key !== ' ' || !canLook(event)) return;
  event.preventDefault();
  if (!event.repeat) page.look(findPlace(findFrame(event)));
}

function listenToPress(row, state, page) {
  let press = null;
  const end = () => {
    clearTimeout(press?.timer);
    press = null;
  };
  row.addEventListener('pointerdown', (event) => {
    end();
    state.isLong = false;
    const figure = findFrame(event);
    if (event.pointerType !== 'touch' || !figure) return;
    const timer = setTimeout(() => {
      state.isLong = true;
      page.select(findPlace(figure));
    }, LONG_PRESS);
    press = { x: event.clientX, y: event.clientY, timer };
  });
  row.addEventListener('pointermove', (event) => { if (press && Math.hypot(event.clientX - press.x, event.clientY - press.y) > MOVED) end(); });
  for (const kind of ['pointerup', 'pointercancel']) row.addEventListener(kind, end);
  // The menu of a phone would come at the same time.
  row.addEventListener('contextmenu', (event) => { if (press || state.isLong) event.preventDefault(); });
}
