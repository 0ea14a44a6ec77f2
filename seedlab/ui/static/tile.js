// One tile: a button with the picture, and a caption with the seed. Created once, then updated in place.
const STATE_TEXTS = { waiting: '', running: '', draft: '', done: '', failed: 'Click to try again.', stopped: 'Stopped. Click to resume.' };

function makeTile(act) {
  const preview = make('img', 'preview', { alt: '', decoding: 'sync', draggable: 'false', hidden: '' });
  const picture = make('img', 'picture', { alt: '', decoding: 'sync', draggable: 'false', hidden: '' });
  const message = make('span', 'words');
  const badges = [make('span', 'badge', {}, makeIcon('lock')), make('span', 'badge pick', {}, makeIcon('check'))];
  const button = make('button', 'frame', { type: 'button' }, preview, picture, message, make('span', 'bar'), ...badges);
  const seed = make('span', 'edge');
  const stage = make('span', 'stage');
  const suffix = make('span', 'suffix');
  const note = make('span', 'note', {}, makeIcon('note'));
  const look = make('button', 'tool look', { type: 'button' }, makeIcon('look'));
  const save = make('a', 'tool save', {}, makeIcon('save'));
  const tools = make('span', 'tools', {}, look, save);
  const figure = make('figure', 'tile', {}, button, make('figcaption', '', {}, seed, stage, suffix, note, tools));
  const tile = { figure, button, preview, picture, message, seed, stage, suffix, note, look, save };
  listenToTile(tile, act);
  look.addEventListener('click', () => act('look', tile.at));
  picture.addEventListener('load', () => figure.classList.add('shown'));
  picture.addEventListener('error', () => showMissing(tile));
  return tile;
}

// A click chooses, a double click or Space looks closely. A mouse's click waits until it cannot be a double click; what
// has no picture, cannot be looked at, and does not wait.
const DOUBLE_CLICK = 220; // milliseconds

function listenToTile(tile, act) {
  let waiting = null;
  let pointer = '';
  tile.button.addEventListener('click', (event) => {
    pointer = event.pointerType;
    if (event.detail > 1 && waiting !== null) return;
    const choose = () => { waiting = null; act('tile', tile.at, event); };
    if (pointer !== 'mouse' || !hasPicture(tile) || !act('press', tile.at, event)) choose();
    else waiting = setTimeout(choose, DOUBLE_CLICK);
  });
  tile.button.addEventListener('dblclick', () => {
    if (pointer === 'touch' || !hasPicture(tile)) return;
    clearTimeout(waiting);
    waiting = null;
    act('look', tile.at);
  });
  tile.button.addEventListener('keydown', (event) => {
    if (event.key !== ' ' || !hasPicture(tile)) return;
    event.preventDefault();
    if (!event.repeat) act('look', tile.at);
  });
  tile.button.addEventListener('keyup', (event) => { if (event.key === ' ' && hasPicture(tile)) event.preventDefault(); });
}

const hasPicture = ({ picture }) => !picture.hidden;

// A store of limited size has deleted the picture since.
function showMissing({ figure, picture, message }) {
  const isDraft = figure.classList.contains('drafted');
  figure.dataset.state = 'failed';
  figure.classList.remove('shown');
  picture.hidden = true;
  setMessage(message, isDraft ? 'The draft’s file is not in the store any more. Click to make the whole picture.' : 'The picture’s file is not in the store any more. Click to generate it again.');
}

function showTile(tile, data, at, locked) {
  tile.at = at;
  tile.figure.dataset.state = data.state;
  tile.figure.classList.toggle('locked', locked);
  tile.figure.classList.toggle('varied', data.varied);
  tile.figure.classList.toggle('drafted', Boolean(data.draft));
  tile.button.style.setProperty('--fraction', data.fraction);
  tile.button.style.aspectRatio = `${data.width} / ${data.height}`;
  setAttribute(tile.button, 'aria-label', data.name);
  setAttribute(tile.button, 'aria-pressed', locked);
  showPictures(tile, data);
  showText(tile, data);
  showTools(tile, data);
}

function showPictures(tile, data) {
  tile.preview.hidden = !data.preview && !tile.preview.hasAttribute('src');
  if (data.preview) setSource(tile.preview, data.preview);
  const isMissing = !data.url && !['waiting', 'running'].includes(data.state);
  if (isMissing) { tile.preview.removeAttribute('src'); tile.preview.hidden = true; }
  tile.picture.hidden = !data.url;
  if (data.url) setSource(tile.picture, locate(data.url));
  else { tile.picture.removeAttribute('src'); tile.figure.classList.remove('shown'); }
}

// A new element for each text: one that moves as its text wraps would count as a shift of the layout.
function setMessage(message, text) {
  if (message.textContent !== text) message.replaceChildren(...(text ? [make('span', '', {}, document.createTextNode(text))] : []));
}

function showText(tile, data) {
  const isThere = data.state === 'done' || data.state === 'draft';
  const sentence = data.state === 'stopped' ? '' : data.sentence;
  setMessage(tile.message, isThere ? '' : [sentence, STATE_TEXTS[data.state]].filter(Boolean).join(' '));
  setText(tile.seed, data.seed);
  setText(tile.stage, data.draft ? (data.state === 'waiting' || data.state === 'running' ? 'finishing' : 'draft') : '');
  setAttribute(tile.stage, 'title', data.draft ? `Draft: ${data.draft} of this picture` : null);
  setText(tile.suffix, data.caption);
  setAttribute(tile.suffix, 'title', data.caption || null);
  tile.note.hidden = !(isThere && data.sentence);
  setAttribute(tile.note, 'title', data.sentence);
}

function showTools(tile, data) {
  const name = `${data.draft ? 'draft of ' : ''}seed ${data.seed}${data.caption ? ', ' + data.caption : ''}`;
  tile.look.hidden = tile.save.hidden = !data.url;
  setAttribute(tile.look, 'aria-label', `Look closely at ${name}`);
  setAttribute(tile.look, 'title', 'Look closely (Space, or a double click)');
  setAttribute(tile.save, 'aria-label', `Download ${name}`);
  setAttribute(tile.save, 'title', data.draft ? 'Download the draft' : 'Download PNG');
  setAttribute(tile.save, 'href', data.url ? locate(data.url) : null);
  setAttribute(tile.save, 'download', nameDownload(data));
}

const nameDownload = (data) => (data.draft ? data.download.replace(/\.png$/, '-draft.png') : data.download);

// As large as the first round will be, so that nothing jumps when tiles appear.
function makeEmpty() {
  const papers = [0, 1, 2, 3].map((seed) => {
    const caption = make('figcaption', '', {}, make('span', 'edge', {}, String(seed)));
    return make('figure', 'tile', {}, make('div', 'paper'), caption);
  });
  const words = 'Generate makes four pictures, one per seed. Click the one whose composition you like to lock its seed and vary the rest.';
  const header = make('header', '', {}, make('h2', '', {}, 'No pictures yet'));
  return make('div', 'blank', {}, header, make('div', 'grid', { 'aria-hidden': 'true' }, ...papers), make('p', '', {}, words));
}
