// The rounds, with the list of first rounds above and the inspector at the right. Drawing updates only what changed.
const sheet = element.querySelector('.sheet');
const status = make('p', 'status', { role: 'status', 'aria-live': 'polite' });
const hint = make('p', 'hint');
const storageNote = make('p', 'storage', { role: 'status', hidden: '' });
const roots = make('nav', 'roots', { 'aria-label': 'Previous explorations' });
const row = make('div', 'rounds', { role: 'region', 'aria-label': 'Rounds' });
const inspector = makeInspector((event, whole) => {
  if (event === 'finish') finish(chosen.round, [chosen.index]);
  else if (event === 'look') look.open(chosen, document.activeElement);
  else send(event, whole ? { round: chosen.round } : chosen);
});
const rounds = new Map();
const arrangement = makeArrangement(row);
const look = makeLook({
  find: (id) => known.get(id),
  path: () => view.path,
  findTile: (at) => rounds.get(at.round)?.tiles[at.index],
  choose: (at) => choosePicture(at),
  note: (at) => inspect(at),
});
let focus = null;
let chosen = null;
let lastMessage = 0;
// Repeats the last action, which a restarted server answers by asking for the saved trail.
let repeat = null;
let isReopened = false;

sheet.append(roots, row, makeEmpty(), make('div', 'below', {}, status, hint, storageNote), inspector.root);
watch('value', () => receive(props.value));
narrow.addEventListener('change', () => drawAll());
document.addEventListener('visibilitychange', wake);
document.addEventListener('click', (event) => {
  if (!event.target.closest('#generate, #try button')) return;
  repeat = () => document.querySelector('#generate').click();
  // Show at once that the click was received: the answer may take a moment while the server is starting.
  sheet.classList.add('pending');
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && event.target.closest('#panel')) repeat = () => document.querySelector('#generate').click();
});
document.addEventListener('change', ({ target }) => {
  const [file] = target === findInput() ? target.files : [];
  if (file) repeat = () => upload(file);
}, true);
window.addEventListener('online', wake);
// While there is work the server sends several updates per second: no message means that the stream was lost.
setInterval(() => Date.now() - lastMessage > 5000 && wake(), 2500);
makeFold();
acceptDrops();
prepareStorage();
showNote('');
receive(props.value);

// Updates of a stream and of a click may arrive in another order than they were made: an older one is dropped.
function receive(update) {
  lastMessage = Date.now();
  if (!update) return;
  if (update.run === null) {
    isReopened = true;
    trigger('reopen', { saved: composeSaved(), working: readWorking() });
    return;
  }
  if (isAhead(update)) {
    askForUpdate();
    return;
  }
  const isNewRun = update.run !== view.run;
  const changed = merge(update);
  if (changed === null) return;
  save(update);
  draw(changed);
  if (!isNewRun) return;
  showWhenMounted();
  repeatLast();
}

// The last part of the panel is the button that opens a picture.
async function showWhenMounted() {
  await waitFor(findInput);
  requestAnimationFrame(() => document.documentElement.setAttribute('data-ready', ''));
  prepareLook();
}

function repeatLast() {
  const action = isReopened ? repeat : null;
  isReopened = false;
  repeat = null;
  action?.();
}

function send(kind, data) {
  repeat = () => trigger(kind, data);
  trigger(kind, data);
}

const choose = (round) => send('differ', { round });

const finish = (round, indices) => send('finish', indices ? { round, indices } : { round });

// `press` is a click that may become a double one: returns whether it has to wait for that.
function act(kind, at, event) {
  const data = known.get(at.round);
  if (kind === 'look') {
    drawRound(data); // takes back what a first click has marked
    look.open(at, document.activeElement);
    return false;
  }
  const isPick = isPicking(data, event);
  if (kind === 'press') {
    if (!isPick) markLocked(at);
    return !isPick;
  }
  if (isPick) {
    pickTile(data, at.index, event.shiftKey);
    drawRound(data);
  } else choosePicture(at);
  return false;
}

function choosePicture(at) {
  const { dataset } = rounds.get(at.round).tiles[at.index].figure;
  // A tile without a picture does not change the inspected one.
  if (dataset.state === 'done' || dataset.state === 'draft') chosen = at;
  if (dataset.state === 'done') enlarged = null;
  markLocked(at);
  send('tile', at);
}

// At once, but not during a stream: views from before the click still arrive, and the mark would flicker.
function markLocked(at) {
  const { figure } = rounds.get(at.round).tiles[at.index];
  if (!view.working && figure.dataset.state === 'done') figure.classList.add('locked');
}

function inspect(at) {
  if (!known.get(at.round).tiles[at.index].url) return;
  chosen = at;
  drawInspector();
}

// A phone that slept has lost its stream.
function wake() {
  if (view.run && view.working && !document.hidden) askForUpdate();
}

function askForUpdate() {
  lastMessage = Date.now();
  trigger('wake', { run: view.run, version: view.version });
}

function drawAll() {
  if (view.run) draw(view.path);
}

// Draws the rounds with these ids, and what concerns all.
function draw(changed) {
  const focused = findFocusedSiblings();
  sheet.classList.remove('pending');
  sheet.classList.toggle('empty', view.rounds.length === 0);
  document.documentElement.toggleAttribute('data-working', view.working);
  setText(status, view.status);
  setText(hint, view.hint);
  drawRoots(view.roots);
  for (const id of [...rounds.keys()]) if (!view.path.includes(id)) rounds.delete(id);
  const columns = view.rounds.map((round) => (changed.includes(round.id) || !rounds.has(round.id) ? drawRound(round) : rounds.get(round.id).section));
  arrangeRounds(columns);
  restoreSiblingFocus(focused);
  drawInspector();
  showScript(inspector, view.script);
  const chosenRound = takeChoice(view.choice);
  if (rounds.has(chosenRound)) drawRound(known.get(chosenRound));
  look.refresh();
  updateFold();
}

// Gradio's button has no aria-expanded of its own.
function updateFold() {
  const fold = document.querySelector('#fold');
  if (fold) setAttribute(fold, 'aria-expanded', document.documentElement.hasAttribute('data-unfolded'));
}

function drawRoots(list) {
  setChildren(roots, list.map((_, index) => roots.children[index] || make('button', '', { type: 'button' })));
  list.forEach((root, index) => linkRound(roots.children[index], root.label, root.id, root.current));
}

// Makes a button show an earlier round.
function linkRound(button, label, id, current) {
  setText(button, label);
  setAttribute(button, 'aria-current', current ? 'true' : null);
  button.onclick = () => send('revisit', { round: id });
}

function drawSiblings(siblings, data) {
  const isChanged = siblings.childElementCount !== data.siblings.length;
  setChildren(siblings, data.siblings.map((id, index) => {
    const button = siblings.children[index] || make('button', '', { type: 'button' });
    linkRound(button, String(index + 1), id, id === data.id);
    setAttribute(button, 'aria-label', `Variations ${index + 1} of ${data.siblings.length}`);
    return button;
  }));
  // A long row scrolls. Scroll to the current round only when the row changes, so as not to fight the user's scrolling.
  if (isChanged) requestAnimationFrame(() => centre(siblings, siblings.children[data.siblings.indexOf(data.id)]));
}

function centre(row, child) {
  if (child) row.scrollLeft = child.offsetLeft - row.offsetLeft - (row.clientWidth - child.offsetWidth) / 2;
}

// The round whose row of siblings has the keyboard focus.
function findFocusedSiblings() {
  return [...rounds.keys()].find((id) => rounds.get(id).siblings.contains(document.activeElement));
}

// Choosing a sibling replaces the round and its buttons: move the focus to the new round's buttons.
function restoreSiblingFocus(focused) {
  const shownNow = view.rounds.find((round) => round.id !== focused && round.siblings.includes(focused));
  if (shownNow) rounds.get(shownNow.id).siblings.querySelector('[aria-current]').focus({ preventScroll: true });
}

function drawRound(data) {
  if (!rounds.has(data.id)) rounds.set(data.id, makeRound(data));
  const round = rounds.get(data.id);
  setText(round.open, data.title);
  data.prompt.forEach((part, index) => setText(round.prompt.children[index], part));
  setAttribute(round.prompt, 'title', data.prompt.join(''));
  drawSiblings(round.siblings, data);
  const next = data.tiles.findIndex((tile) => tile.state === 'running' || tile.state === 'waiting');
  data.tiles.forEach((tile, index) => {
    showTile(round.tiles[index], tile, { round: data.id, index }, data.locked === index);
    round.tiles[index].figure.classList.toggle('next', index === next);
  });
  round.drafts.id = data.id;
  showDrafts(round.drafts, data);
  showPicked(data, round.tiles);
  return round.section;
}

function makeRound(data) {
  const open = make('button', '', { type: 'button' });
  open.addEventListener('click', () => enlarge(data.id));
  const title = make('h2', '', { id: `round-${data.id}` }, open);
  const prompt = make('p', '', {}, make('span', 'lead'), make('span', 'tail'));
  const siblings = make('nav', 'siblings', { 'aria-label': 'Other variations of this picture' });
  const tiles = data.tiles.map(() => makeTile(act));
  const figures = tiles.map((tile) => tile.figure);
  const grid = data.table ? makeMatrix(data.table, figures, title.id) : make('div', 'grid', {}, ...figures);
  const drafts = makeDrafts(finish, choose, () => drawRound(known.get(data.id)));
  const header = make('header', '', {}, title, prompt, siblings);
  if (data.table) header.insertBefore(makeDownload(() => known.get(data.id)), siblings);
  const section = make('section', 'round', { 'aria-labelledby': title.id }, header, drafts.root, grid);
  section.classList.toggle('tabular', Boolean(data.table));
  section.classList.toggle('some', !data.table && data.tiles.length > 6 && data.tiles.length <= 16);
  section.classList.toggle('sheet-of-many', !data.table && data.tiles.length > 16);
  section.dataset.count = data.table ? '' : data.tiles.length;
  const [{ width, height }] = data.tiles;
  const across = data.table?.columns.length ?? 1;
  const sizes = { '--ratio': width / height, '--across': across, '--down': data.tiles.length / across };
  for (const [name, value] of Object.entries(sizes)) section.style.setProperty(name, value);
  section.addEventListener('keydown', ({ key }) => { if (key === 'Escape' && !drafts.drop.hidden) drafts.drop.click(); });
  return { section, open, prompt, siblings, drafts, tiles };
}

// Inspect the last chosen tile if it is on the screen, else the first finished tile of the newest round that has one.
function drawInspector() {
  const find = (at) => at && view.rounds.find((round) => round.id === at.round)?.tiles[at.index];
  if (!find(chosen)?.url) {
    const done = [...view.rounds].reverse().find((round) => round.tiles.some((tile) => tile.url));
    chosen = done ? { round: done.id, index: done.tiles.findIndex((tile) => tile.url) } : null;
  }
  const round = chosen && view.rounds.find((each) => each.id === chosen.round);
  const parent = round && round.parent;
  // The tile of the same seed, where the round repeats the seeds of the one before it.
  const twin = parent && (round.twins[chosen.index] ?? parent[1]);
  showInspector(inspector, find(chosen), parent && find({ round: parent[0], index: twin }));
  for (const [id, each] of rounds) {
    each.tiles.forEach((tile, index) => {
      tile.figure.classList.toggle('chosen', Boolean(chosen) && chosen.round === id && chosen.index === index);
    });
  }
}
