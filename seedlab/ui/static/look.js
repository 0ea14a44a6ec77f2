// Looking closely: a picture large over the page, with the others of its round at its sides and the rounds above and
// below. PhotoSwipe (https://photoswipe.com) zooms and pans; it is loaded when the page has nothing else to do.
const PHOTOSWIPE = 'seedlab/libraries/photoswipe-5.4.4/';
// How large a picture can be shown at least: so many pixels, and so many times its size.
const LARGEST = 4096;
const ENLARGED = 8;
const UNMADE = { waiting: 'This picture is not made yet.', running: 'This picture is being made.', failed: '', stopped: 'Stopped before it was made.' };
const CHOICES = { done: 'Lock this seed', draft: 'Finish this picture', failed: 'Try again', stopped: 'Resume' };

let loadedLibrary = null;

async function loadLibrary() {
  loadedLibrary ||= Promise.all([import(new URL(locate(`${PHOTOSWIPE}photoswipe.esm.min.js`), location.href).href), addStyles()]);
  try {
    return (await loadedLibrary)[0].default;
  } catch (error) {
    loadedLibrary = null; // the next one tries again
    throw error;
  }
}

function addStyles() {
  const link = make('link', '', { rel: 'stylesheet', href: locate(`${PHOTOSWIPE}photoswipe.css`) });
  const loaded = new Promise((resolve, reject) => { link.onload = resolve; link.onerror = reject; });
  document.head.prepend(link); // before the page's own styles
  return loaded;
}

const prepareLook = () => (window.requestIdleCallback || setTimeout)(() => loadLibrary().catch(() => {}));

// `page` has the functions: find(id), the data of a round; path(), the ids of the rounds; findTile(at); choose(at), which
// locks; and note(at), which is called with each picture looked at.
function makeLook(page) {
  const look = { page, box: null, at: null, items: [], visited: new Map() };
  return { open: (at, opener) => openLook(look, at, opener), refresh: () => refreshLook(look) };
}

async function openLook(look, at, opener) {
  if (look.box || look.isOpening) return;
  look.isOpening = true;
  try {
    const PhotoSwipe = await loadLibrary();
    startLook(look, PhotoSwipe, at, opener);
  } finally {
    look.isOpening = false;
  }
}

function startLook(look, PhotoSwipe, at, opener) {
  const { page } = look;
  look.at = at;
  look.items = makeItems(page.find(at.round));
  const box = new PhotoSwipe({
    dataSource: look.items, index: at.index, mainClass: 'look-box', bgOpacity: 1, loop: false, wheelToZoom: true, returnFocus: false,
    zoom: false, counter: false, imageClickAction: 'zoom', tapAction: 'toggle-controls', doubleTapAction: 'zoom', maxZoomLevel: 1,
    secondaryZoomLevel: ({ fit, itemData }) => (fit < itemData.actual * 0.95 ? itemData.actual : Math.min(1, fit * 2.5)),
    paddingFn: ({ x }) => ({ top: 56, bottom: 92, left: x > 760 ? 64 : 0, right: x > 760 ? 64 : 0 }),
    showHideAnimationType: reducedMotion.matches ? 'none' : 'zoom', showAnimationDuration: 220, hideAnimationDuration: 180, zoomAnimationDuration: reducedMotion.matches ? 0 : 200,
    closeTitle: 'Close (Esc)', arrowPrevTitle: 'Previous (←)', arrowNextTitle: 'Next (→)', errorMsg: 'The picture’s file is not in the store any more.',
  });
  look.box = box;
  box.addFilter('thumbEl', (thumb, data, index) => page.findTile({ round: look.at.round, index })?.picture || thumb);
  box.on('contentLoad', showUnmade);
  box.on('uiRegister', () => addControls(look));
  box.on('keydown', (event) => pressKey(look, event));
  box.on('change', () => describeLook(look));
  box.on('close', () => page.findTile(look.at)?.figure.scrollIntoView({ block: 'nearest' }));
  box.on('destroy', () => {
    look.box = null;
    const isSame = look.at.round === at.round && look.at.index === at.index;
    ((isSame && opener) || page.findTile(look.at)?.button)?.focus({ preventScroll: true });
    if (look.chosen) page.choose(look.chosen);
    look.chosen = null;
  });
  box.init();
  for (const [name, value] of [['aria-modal', 'true'], ['aria-label', 'Look closely']]) box.element.setAttribute(name, value);
}

function makeItems({ tiles }) {
  return tiles.map((tile) => {
    const src = tile.url ? locate(tile.url) : tile.preview || undefined;
    // PhotoSwipe enlarges nothing: it is told that the picture is larger. `actual` is the zoom that shows its own size.
    const scale = Math.max(ENLARGED, LARGEST / Math.max(tile.width, tile.height));
    const size = { width: tile.width * scale, height: tile.height * scale, actual: 1 / scale };
    return src ? { ...size, src, msrc: src, alt: joinPrompt(tile) || `Seed ${tile.seed}` } : { type: 'unmade', text: [tile.sentence, UNMADE[tile.state]].filter(Boolean).join(' ') };
  });
}

function showUnmade(event) {
  const { content } = event;
  if (content.type !== 'unmade') return;
  event.preventDefault();
  content.element = make('div', 'pswp__content look-unmade', {}, make('p', '', {}, document.createTextNode(content.data.text)));
  content.onLoaded();
}

// A picture that has been finished meanwhile takes the place of its preview.
function refreshLook(look) {
  const { box, at, items } = look;
  if (!box) return;
  const round = look.page.find(at.round);
  if (!round || !look.page.path().includes(at.round)) {
    box.close();
    return;
  }
  makeItems(round).forEach((item, index) => {
    const before = items[index];
    if (before.src === item.src && before.text === item.text) return;
    items[index] = item;
    const slide = box.mainScroll.itemHolders.map((holder) => holder.slide).find((each) => each?.index === index);
    if (before.src && item.src && slide?.content.element) setSource(slide.content.element, item.src);
    else box.refreshSlideContent(index);
  });
  describeLook(look);
}

function addControls(look) {
  const { ui } = look.box;
  const add = (name, order, text, title, onClick) => ui.registerElement({
    name, order, title, isButton: true, html: '', onClick, onInit: (button) => { look[name] = button; setText(button, text); },
  });
  add('fit', 8, 'Fit', 'Fit into the window (0)', () => zoomTo(look, null));
  add('actual', 9, '1:1', 'One pixel of the picture is one of the screen (1)', () => zoomToActual(look));
  add('lock', 10, '', 'Lock this seed (L)', () => lockLook(look));
  ui.registerElement({ name: 'caption', order: 30, isButton: false, appendTo: 'root', onInit: (root) => root.append(makeCaption(look)) });
}

function makeCaption(look) {
  const title = make('strong', '', { role: 'status', 'aria-live': 'polite' });
  const [stage, prompt, where] = ['stage', 'prompt', 'where'].map((name) => make('span', name));
  const [up, down] = ['up', 'down'].map((name) => make('button', `way ${name}`, { type: 'button' }));
  up.addEventListener('click', () => changeRound(look, -1));
  down.addEventListener('click', () => changeRound(look, 1));
  look.caption = { title, stage, prompt, where, up, down };
  return make('div', 'look-caption', {}, make('p', '', {}, title, stage, where), make('p', '', {}, prompt), make('div', '', {}, up, down));
}

function describeLook(look) {
  const { box, page, caption } = look;
  look.at = { round: look.at.round, index: box.currIndex };
  const round = page.find(look.at.round);
  const tile = round.tiles[look.at.index];
  look.visited.set(look.at.round, look.at.index);
  page.note(look.at);
  if (!caption) return;
  setText(caption.title, `Seed ${tile.seed}${tile.caption ? ` · ${tile.caption}` : ''}`);
  setText(caption.stage, tile.draft ? `Draft, ${tile.draft}` : '');
  setAttribute(caption.stage, 'title', tile.draft ? JUDGING : null);
  setText(caption.where, `${look.at.index + 1} of ${round.tiles.length}`);
  showPrompt(caption.prompt, [['kept', tile.lead], ...tile.parts]);
  describeLock(look.lock, tile);
  showWay(caption.up, findWay(look, -1), '↑');
  showWay(caption.down, findWay(look, 1), '↓');
}

function describeLock(button, { state }) {
  const words = CHOICES[state];
  button.hidden = !words;
  setText(button, words || '');
  setAttribute(button, 'title', `${words} (L)`);
  setAttribute(button, 'aria-label', words || '');
}

function showWay(button, round, arrow) {
  button.hidden = !round;
  if (round) setText(button, `${arrow} ${round.title}`);
}

// The round above or below on the page.
function findWay({ page, at }, step) {
  const path = page.path();
  return page.find(path[path.indexOf(at.round) + step]);
}

// Upwards to the picture that this one was made from, downwards to the one that was looked at last.
function changeRound(look, step) {
  const { page, at, visited, box } = look;
  const next = findWay(look, step);
  if (!next || box.mainScroll.isShifted()) return;
  const here = page.find(at.round);
  const index = step < 0 ? here.twins[at.index] ?? here.parent?.[1] : visited.get(next.id) ?? next.twins.indexOf(at.index);
  showRound(look, { round: next.id, index: Math.min(Math.max(index ?? 0, 0), next.tiles.length - 1) });
}

function showRound(look, at) {
  const { box } = look;
  look.at = at;
  look.items = makeItems(look.page.find(at.round));
  box.options.dataSource = look.items;
  box.currIndex = box.potentialIndex = at.index;
  box.contentLoader.destroy(); // it keeps slides by their numbers
  box.mainScroll.itemHolders.forEach((holder, place) => box.setContent(holder, at.index - 1 + place, true));
  box.currSlide.setIsActive(true);
  box.appendHeavy();
  box.dispatch('change');
}

// Locks, as a click on the tile does, or finishes a draft. What comes of it is on the page.
function lockLook(look) {
  if (!CHOICES[look.page.find(look.at.round).tiles[look.at.index].state]) return;
  look.chosen = look.at;
  look.box.close();
}

function zoomTo({ box }, level) {
  const slide = box.currSlide;
  if (slide?.isZoomable()) slide.zoomTo(level ?? slide.zoomLevels.initial, undefined, box.options.zoomAnimationDuration, true);
}

const zoomToActual = (look) => zoomTo(look, look.items[look.at.index].actual);

function pressKey(look, event) {
  const { originalEvent: pressed } = event;
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return;
  const { currSlide } = look.box;
  const isZoomed = currSlide && currSlide.currZoomLevel > currSlide.zoomLevels.initial * 1.01;
  const actions = {
    ArrowUp: isZoomed ? null : () => changeRound(look, -1),
    ArrowDown: isZoomed ? null : () => changeRound(look, 1),
    ' ': pressed.repeat || pressed.target.closest('button') ? null : () => look.box.close(),
    l: () => lockLook(look),
    0: () => zoomTo(look, null),
    1: () => zoomToActual(look),
    '+': () => zoomTo(look, Math.min(1, currSlide.currZoomLevel * 1.5)),
    '-': () => zoomTo(look, Math.max(currSlide.zoomLevels.min, currSlide.currZoomLevel / 1.5)),
  };
  const action = actions[pressed.key.length === 1 ? pressed.key.toLowerCase() : pressed.key];
  if (!action) return;
  event.preventDefault();
  pressed.preventDefault();
  action();
}
