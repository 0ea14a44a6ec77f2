// The sheet: first rounds, columns, inspector. A view from the server is drawn whole, and changes only what differs.
const sheet = element.querySelector('.sheet');
const status = make('p', 'status', { role: 'status', 'aria-live': 'polite' });
const hint = make('p', 'hint');
const roots = make('nav', 'roots', { 'aria-label': 'Earlier first rounds' });
const row = make('div', 'rounds', { role: 'region', 'aria-label': 'Rounds' });
const inspector = makeInspector((event, whole) => trigger(event, whole ? { round: chosen.round } : chosen));
const rounds = new Map();
let shown = null;
let focus = null;
let chosen = null;
let heard = 0;

sheet.append(roots, row, makeEmpty(), make('div', 'below', {}, status, hint), inspector.root);
watch('value', () => receive(props.value));
narrow.addEventListener('change', () => shown && draw(shown));
document.addEventListener('visibilitychange', wake);
document.addEventListener('click', (event) => {
  // The answer may take a moment while the server still starts: the sheet says at once that it was asked.
  if (event.target.closest('#generate, #try button')) sheet.classList.add('asked');
});
window.addEventListener('online', wake);
// While there is work the server says something several times a second: silence means that the stream is lost.
setInterval(() => Date.now() - heard > 5000 && wake(), 2500);
takeDrops();
receive(props.value);

// A stream's message may come after that of a click which was made later: the older view is dropped.
function receive(view) {
  heard = Date.now();
  if (view && view.version && (shown === null || view.version > shown.version)) draw(view);
}

function act(kind, at) {
  const tile = rounds.get(at.round).tiles[at.index].figure;
  const done = tile.dataset.state === 'done';
  // A tile without a picture leaves the inspected one where it is.
  if (kind === 'look' || done) chosen = at;
  if (kind === 'look') {
    drawInspector(shown);
    inspector.root.scrollIntoView({ block: 'nearest', behavior: motion() });
    return;
  }
  // The ring comes at once; while a stream runs it would flicker, as views from before the click still arrive.
  if (!shown.working && done) tile.classList.add('locked');
  trigger('tile', at);
}

// A phone that slept has lost its stream: what has become of the work?
function wake() {
  if (!shown || !shown.working || document.hidden) return;
  heard = Date.now();
  trigger('wake', {});
}

function draw(view) {
  const held = findHeldTurn();
  shown = view;
  sheet.classList.remove('asked');
  sheet.classList.toggle('empty', view.rounds.length === 0);
  document.documentElement.toggleAttribute('data-working', view.working);
  setText(status, view.status);
  setText(hint, view.hint);
  drawRoots(view.roots);
  const columns = view.rounds.map(drawRound);
  place(row, narrow.matches ? columns.reverse() : columns);
  keepTurn(view, held);
  drawInspector(view);
  showScript(inspector, view.script);
  scrollToNewest(view.focus);
  tellFold();
}

// Gradio's button does not say by itself whether what it folds is open.
function tellFold() {
  const fold = document.querySelector('#fold');
  if (fold) setAttribute(fold, 'aria-expanded', document.documentElement.hasAttribute('data-unfolded'));
}

function drawRoots(list) {
  place(roots, list.map((_, index) => roots.children[index] || make('button', '', { type: 'button' })));
  list.forEach((root, index) => link(roots.children[index], root.label, root.id, root.current));
}

// A button that shows a round which was made before.
function link(button, label, id, current) {
  setText(button, label);
  setAttribute(button, 'aria-current', current ? 'true' : null);
  button.onclick = () => trigger('revisit', { round: id });
}

function drawTurns(turns, data) {
  const isOther = turns.childElementCount !== data.siblings.length;
  place(turns, data.siblings.map((id, index) => {
    const button = turns.children[index] || make('button', '', { type: 'button' });
    link(button, String(index + 1), id, id === data.id);
    setAttribute(button, 'aria-label', `Suffixes, take ${index + 1} of ${data.siblings.length}`);
    return button;
  }));
  // Many takes scroll: the one that is shown comes into view, once, or it would be fought over with the visitor.
  if (isOther) requestAnimationFrame(() => centre(turns, turns.children[data.siblings.indexOf(data.id)]));
}

function centre(row, child) {
  if (child) row.scrollLeft = child.offsetLeft - row.offsetLeft - (row.clientWidth - child.offsetWidth) / 2;
}

// The round whose takes have the keyboard's focus.
function findHeldTurn() {
  return [...rounds.keys()].find((id) => rounds.get(id).turns.contains(document.activeElement));
}

// To choose another take replaces the round, and its buttons with it: the focus goes on to those that stand there now.
function keepTurn(view, held) {
  const now = view.rounds.find((round) => round.id !== held && round.siblings.includes(held));
  if (now) rounds.get(now.id).turns.querySelector('[aria-current]').focus({ preventScroll: true });
}

function drawRound(data) {
  if (!rounds.has(data.id)) rounds.set(data.id, makeRound(data));
  const round = rounds.get(data.id);
  setText(round.title, data.title);
  data.prompt.forEach((part, index) => setText(round.prompt.children[index], part));
  setAttribute(round.prompt, 'title', data.prompt.join(''));
  drawTurns(round.turns, data);
  const next = data.tiles.findIndex((tile) => tile.state === 'running' || tile.state === 'waiting');
  data.tiles.forEach((tile, index) => {
    showTile(round.tiles[index], tile, { round: data.id, index }, data.locked === index);
    round.tiles[index].figure.classList.toggle('next', index === next);
  });
  return round.section;
}

function makeRound(data) {
  const title = make('h2', '', { id: `round-${data.id}` });
  const prompt = make('p', '', {}, make('span', 'lead'), make('span', 'tail'));
  const turns = make('nav', 'turns', { 'aria-label': 'Other suffixes tried here' });
  const tiles = data.tiles.map(() => makeTile(act));
  const grid = make('div', 'grid', {}, ...tiles.map((tile) => tile.figure));
  const section = make('section', 'round', { 'aria-labelledby': title.id }, make('header', '', {}, title, prompt, turns), grid);
  section.classList.toggle('wide', data.tiles.length > 8);
  return { section, title, prompt, turns, tiles };
}

// The tile that was chosen last, while it is on the screen; else the first that is done of the newest round.
function drawInspector(view) {
  const find = (at) => at && view.rounds.find((round) => round.id === at.round)?.tiles[at.index];
  if (!find(chosen)?.file) {
    const done = [...view.rounds].reverse().find((round) => round.tiles.some((tile) => tile.file));
    chosen = done ? { round: done.id, index: done.tiles.findIndex((tile) => tile.file) } : null;
  }
  const round = chosen && view.rounds.find((each) => each.id === chosen.round);
  const parent = round && round.parent;
  showInspector(inspector, find(chosen), parent && find({ round: parent[0], index: parent[1] }));
  for (const [id, each] of rounds) {
    each.tiles.forEach((tile, index) => {
      tile.figure.classList.toggle('chosen', Boolean(chosen) && chosen.round === id && chosen.index === index);
    });
  }
}

// Only when another round was asked for, never on a preview.
function scrollToNewest(id) {
  const first = focus === null;
  if (id === focus || id === null) return;
  focus = id;
  const { section } = rounds.get(id);
  if (narrow.matches) {
    if (!first) section.scrollIntoView({ block: 'start', behavior: motion() });
  } else {
    const margin = parseFloat(getComputedStyle(row).paddingRight);
    const left = section.offsetLeft + section.offsetWidth + margin - row.clientWidth;
    row.scrollTo({ left: Math.max(left, 0), behavior: first ? 'auto' : motion() });
  }
}

function makeEmpty() {
  const papers = [0, 1, 2, 3].map((seed) => {
    const caption = make('figcaption', '', {}, make('span', 'edge', {}, String(seed)));
    return make('figure', 'tile', {}, make('div', 'paper'), caption);
  });
  const words = 'Generate fills four seeds. Click the picture whose composition you like: its seed is locked and the suffixes vary the rest.';
  const header = make('header', '', {}, make('h2', '', {}, 'A blank sheet'));
  return make('div', 'blank', {}, header, make('div', 'grid', { 'aria-hidden': 'true' }, ...papers), make('p', '', {}, words));
}
