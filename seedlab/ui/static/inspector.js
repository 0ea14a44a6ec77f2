// Right of the rounds: the recipe of one tile, and its picture compared with its parent's.
// `send` is called with the name of an event, and whether it concerns the whole round.
function makeInspector(send) {
  const script = makeScript();
  const [parent, child] = [make('img', 'under'), make('img', 'over')];
  for (const image of [parent, child]) setAttribute(image, 'decoding', 'sync');
  const range = make('input', '', { type: 'range', min: 0, max: 100, value: 50, step: 1 });
  const closer = make('button', 'tool closer', { type: 'button', title: 'Look closely', 'aria-label': 'Look closely' }, makeIcon('look'));
  const compare = make('div', 'compare', {}, parent, child, make('span', 'seam'), range, closer);
  const sides = [make('span'), make('span')];
  const list = make('dl');
  const save = make('a', 'action');
  const finish = make('button', 'action primary', { type: 'button' });
  const verify = make('button', 'action', { type: 'button' });
  const scripts = [make('button', 'action', { type: 'button' }), make('button', 'action', { type: 'button' })];
  // Only the message is announced, not the hashes.
  const check = make('div', 'check', {}, make('p', '', { role: 'status', 'aria-live': 'polite' }), make('dl'));
  const lines = {};
  for (const name of ['draft', 'prompt', 'negative', 'seed', 'model', 'note']) {
    lines[name] = [make('dt', '', {}, name), make('dd')];
    list.append(...lines[name]);
  }
  const root = make('section', 'inspector', { 'aria-label': 'Recipe', hidden: '' }, make('div', 'view', {}, compare, make('p', 'sides', {}, ...sides)), make('div', 'recipe', {}, list, make('div', 'actions', {}, finish, save, verify, ...scripts), check, script.root));
  range.addEventListener('input', () => compare.style.setProperty('--at', `${range.value}%`));
  listenToCompare(compare, range, closer, () => send('look', false));
  setText(finish, 'Finish this picture');
  setText(verify, 'Verify');
  setAttribute(verify, 'title', 'Generate it again on its own and compare the bytes');
  setText(scripts[0], 'Copy as script');
  setText(scripts[1], 'Copy round as script');
  finish.addEventListener('click', () => send('finish', false));
  verify.addEventListener('click', () => { if (verify.ariaDisabled !== 'true') send('verify', false); });
  scripts.forEach((button, index) => button.addEventListener('click', () => {
    script.opener = button;
    script.source = child.getAttribute('src');
    send('script', index === 1);
  }));
  return { root, compare, parent, child, range, sides, lines, finish, save, verify, check, script };
}

// A click looks closely, a drag moves the seam.
function listenToCompare(compare, range, closer, look) {
  let pressed = null;
  compare.addEventListener('pointerdown', (event) => { pressed = { x: event.clientX, value: range.value }; }, true);
  compare.addEventListener('click', (event) => {
    const isDrag = event.detail && pressed && Math.abs(event.clientX - pressed.x) > 4;
    if (isDrag || (event.target === range && !event.detail)) return;
    if (event.target === range && pressed) {
      range.value = pressed.value;
      compare.style.setProperty('--at', `${range.value}%`);
    }
    closer.focus({ preventScroll: true });
    look();
  });
  range.addEventListener('keydown', (event) => {
    if (event.key !== ' ' || event.repeat) return;
    event.preventDefault();
    look();
  });
}

function showInspector(inspector, tile, parent) {
  inspector.root.hidden = !tile;
  if (!tile) return;
  inspector.compare.style.aspectRatio = `${tile.width} / ${tile.height}`;
  inspector.root.style.setProperty('--ratio', tile.width / tile.height);
  // Hide the script of another picture.
  if (inspector.child.src && inspector.child.getAttribute('src') !== locate(tile.url)) inspector.script.root.hidden = true;
  setSource(inspector.child, locate(tile.url));
  setAttribute(inspector.child, 'alt', joinPrompt(tile));
  const paired = Boolean(parent && parent.url);
  inspector.compare.classList.toggle('paired', paired);
  inspector.range.hidden = inspector.sides[0].parentElement.hidden = !paired;
  if (paired) {
    setSource(inspector.parent, locate(parent.url));
    setAttribute(inspector.parent, 'alt', '');
    setText(inspector.sides[0], parent.caption || `seed ${parent.seed}`);
    setText(inspector.sides[1], tile.caption || `seed ${tile.seed}`);
    setAttribute(inspector.range, 'aria-label', `Compare the parent (left) with ${tile.caption || 'this picture'} (right)`);
  } else inspector.parent.removeAttribute('src');
  showRecipe(inspector, tile);
  showCheck(inspector, tile.check);
}

function showCheck({ verify, check }, data) {
  const [message, details] = check.children;
  // Not `disabled`: that would remove the keyboard focus.
  setAttribute(verify, 'aria-disabled', Boolean(data) && data.state === 'running');
  check.hidden = !data;
  if (!data) return;
  check.dataset.state = data.state;
  setText(message, data.message);
  const flat = data.details.flat();
  setChildren(details, flat.map((_, index) => details.children[index] || make(index % 2 ? 'dd' : 'dt')));
  flat.forEach((text, index) => setText(details.children[index], text));
}

function showRecipe({ lines, finish, save }, tile) {
  showLine(lines.draft, tile.draft && `${tile.draft} of this picture. ${JUDGING}`, !tile.draft);
  showPrompt(lines.prompt[1], [['kept', tile.lead], ...tile.parts]);
  showLine(lines.prompt, null, !joinPrompt(tile));
  showLine(lines.negative, tile.negative, !tile.negative);
  showLine(lines.seed, tile.seed_text);
  showLine(lines.model, tile.settings);
  showLine(lines.note, tile.sentence, !tile.sentence);
  setAttribute(save, 'href', locate(tile.url));
  setAttribute(save, 'download', nameDownload(tile));
  setText(save, tile.draft ? 'Download draft' : 'Download PNG');
  finish.hidden = tile.state !== 'draft';
}

const joinPrompt = ({ lead, parts }) => lead + parts.filter(([kind]) => kind !== 'removed').map(([, text]) => text).join('');

// The prompt, with what was added to that of the round's parent and what was removed from it.
function showPrompt(line, parts) {
  const shown = JSON.stringify(parts);
  if (line.dataset.shown === shown) return;
  line.dataset.shown = shown;
  const tags = { kept: 'span', added: 'ins', removed: 'del' };
  line.replaceChildren(...parts.map(([kind, text]) => make(tags[kind], '', {}, document.createTextNode(text))));
}

function showLine([term, definition], text, hidden = false) {
  term.hidden = definition.hidden = hidden;
  if (text !== null) setText(definition, text);
}
