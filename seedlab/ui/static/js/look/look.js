// Looking closely: a picture large over the page, with the others of its round at its sides and the rounds above and
// below. PhotoSwipe (https://photoswipe.com) zooms and pans.
import { reducedMotion } from '../dom.js';
import { showCaption } from './caption.js';
import { CHOICES } from './choices.js';
import { loadLibrary } from './library.js';
import { makeItems, showUnmade } from './slides.js';

const OPTIONS = {
  mainClass: 'look-box', bgOpacity: 1, loop: false, wheelToZoom: true, returnFocus: false, zoom: false, counter: false,
  imageClickAction: 'zoom', tapAction: 'toggle-controls', doubleTapAction: 'zoom', maxZoomLevel: 1,
  secondaryZoomLevel: ({ fit, itemData }) => (fit < itemData.actual * 0.95 ? itemData.actual : Math.min(1, fit * 2.5)),
  paddingFn: ({ x }) => ({ top: 56, bottom: 92, left: x > 760 ? 64 : 0, right: x > 760 ? 64 : 0 }),
  showAnimationDuration: 220, hideAnimationDuration: 180,
  closeTitle: 'Close (Esc)', arrowPrevTitle: 'Previous (←)', arrowNextTitle: 'Next (→)', errorMsg: 'The picture’s file is not in the store any more.',
};

// `page` has the functions find(id), the data of a round; path(), the ids of the rounds; findTile(at), its element;
// choose(at), which locks; note(at), which is called with each picture looked at; isPinned(at), pin(at), canCompare(at) and
// compare(at).
export class Look {
  constructor(page) {
    Object.assign(this, { page, box: null, at: null, items: [], visited: new Map(), chosen: null, compared: null, isOpening: false, caption: null, buttons: {} });
  }

  async open(at, opener) {
    if (this.box || this.isOpening) return;
    this.isOpening = true;
    try {
      this.start(await loadLibrary(), at, opener);
    } finally {
      this.isOpening = false;
    }
  }

  start(PhotoSwipe, at, opener) {
    this.at = at;
    this.items = makeItems(this.page.find(at.round));
    const isCalm = reducedMotion.matches;
    const calm = { showHideAnimationType: isCalm ? 'none' : 'zoom', zoomAnimationDuration: isCalm ? 0 : 200 };
    this.box = new PhotoSwipe({ ...OPTIONS, ...calm, dataSource: this.items, index: at.index });
    this.box.addFilter('thumbEl', (thumb, _data, index) => this.page.findTile({ round: this.at.round, index })?.querySelector('.picture') || thumb);
    const events = {
      contentLoad: showUnmade, uiRegister: () => this.addControls(), keydown: (event) => this.press(event), change: () => this.describe(),
      close: () => this.page.findTile(this.at)?.scrollIntoView({ block: 'nearest' }), destroy: () => this.end(at, opener),
    };
    for (const [name, act] of Object.entries(events)) this.box.on(name, act);
    closeWhenOpen(this.box);
    this.box.init();
    for (const [name, value] of [['aria-modal', 'true'], ['aria-label', 'Look closely']]) this.box.element.setAttribute(name, value);
  }

  // The focus goes back to where it was, or to the tile that was looked at last.
  end(first, opener) {
    this.box = this.caption = null;
    const isSame = this.at.round === first.round && this.at.index === first.index;
    ((isSame && opener) || this.page.findTile(this.at)?.querySelector('.frame'))?.focus({ preventScroll: true });
    const { chosen, compared } = this;
    this.chosen = this.compared = null;
    if (chosen) this.page.choose(chosen);
    if (compared) this.page.compare(compared);
  }

  // A picture that has been finished meanwhile takes the place of its preview.
  refresh() {
    const { box, at, items, page } = this;
    if (!box) return;
    const round = page.find(at.round);
    if (!round || !page.path().includes(at.round)) {
      box.close();
      return;
    }
    makeItems(round).forEach((item, index) => {
      const before = items[index];
      if (before.src === item.src && before.text === item.text) return;
      items[index] = item;
      const slide = box.mainScroll.itemHolders.map((holder) => holder.slide).find((each) => each?.index === index);
      if (before.src && item.src && slide?.content.element) slide.content.element.src = item.src;
      else box.refreshSlideContent(index);
    });
    this.describe();
  }

  addControls() {
    const { ui } = this.box;
    const add = (name, order, text, title, onClick) => ui.registerElement({
      name, order, title, isButton: true, html: '', onClick,
      onInit: (button) => {
        button.textContent = text;
        button.removeAttribute('aria-label'); // its text is its name
        this.buttons[name] = button;
      },
    });
    add('fit', 8, 'Fit', 'Fit into the window (0)', () => this.zoom(null));
    add('actual', 9, '1:1', 'One pixel of the picture is one of the screen (1)', () => this.zoomToActual());
    add('pin', 10, 'Pin', 'Pin for comparison (P)', () => this.pin());
    add('compare', 11, 'Compare', 'Compare (C)', () => this.compare());
    add('lock', 12, '', 'Lock this seed (L)', () => this.lock());
    ui.registerElement({ name: 'caption', order: 30, isButton: false, appendTo: 'root', onInit: (root) => { this.caption = root; } });
  }

  describe() {
    this.at = { round: this.at.round, index: this.box.currIndex };
    const { at, page, caption } = this;
    const round = page.find(at.round);
    const tile = round.tiles[at.index];
    this.visited.set(at.round, at.index);
    page.note(at);
    if (!caption) return;
    showCaption(caption, { tile, round, index: at.index, ways: { up: this.findWay(-1), down: this.findWay(1) } }, (step) => this.changeRound(step));
    describeLock(this.buttons.lock, CHOICES[tile.state]);
    this.buttons.pin.setAttribute('aria-pressed', page.isPinned(at));
    this.buttons.pin.textContent = page.isPinned(at) ? 'Pinned' : 'Pin';
    this.buttons.compare.hidden = !page.canCompare(at);
  }

  // The round above or below on the page.
  findWay(step) {
    const path = this.page.path();
    return this.page.find(path[path.indexOf(this.at.round) + step]);
  }

  // Upwards to the picture that this one was made from, downwards to the one that was looked at last.
  changeRound(step) {
    const { page, at, visited, box } = this;
    const next = this.findWay(step);
    if (!next || box.mainScroll.isShifted()) return;
    const here = page.find(at.round);
    const index = step < 0 ? here.twins[at.index] ?? here.parent?.[1] : visited.get(next.id) ?? next.twins.indexOf(at.index);
    this.showRound({ round: next.id, index: Math.min(Math.max(index ?? 0, 0), next.tiles.length - 1) });
  }

  showRound(at) {
    const { box } = this;
    this.at = at;
    this.items = makeItems(this.page.find(at.round));
    box.options.dataSource = this.items;
    box.currIndex = box.potentialIndex = at.index;
    box.contentLoader.destroy(); // it keeps slides by their numbers
    for (const [place, holder] of box.mainScroll.itemHolders.entries()) box.setContent(holder, at.index - 1 + place, true);
    box.currSlide.setIsActive(true);
    box.appendHeavy();
    box.dispatch('change');
  }

  // Locks, as a click on the tile does, or finishes a draft. What comes of it is on the page.
  lock() {
    if (!CHOICES[this.page.find(this.at.round).tiles[this.at.index].state]) return;
    this.chosen = this.at;
    this.box.close();
  }

  pin() {
    if (!this.page.find(this.at.round).tiles[this.at.index].url) return;
    this.page.pin(this.at);
    this.describe();
  }

  compare() {
    if (!this.page.canCompare(this.at)) return;
    this.compared = this.at;
    this.box.close();
  }

  zoom(level) {
    const slide = this.box.currSlide;
    if (slide?.isZoomable()) slide.zoomTo(level ?? slide.zoomLevels.initial, undefined, this.box.options.zoomAnimationDuration, true);
  }

  zoomToActual() {
    this.zoom(this.items[this.at.index].actual);
  }

  press(event) {
    const { originalEvent: pressed } = event;
    if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return;
    const action = this.listKeys(pressed)[pressed.key.length === 1 ? pressed.key.toLowerCase() : pressed.key];
    if (!action) return;
    event.preventDefault();
    pressed.preventDefault();
    action();
  }

  listKeys({ repeat, target }) {
    const { currSlide } = this.box;
    const isZoomed = currSlide && currSlide.currZoomLevel > currSlide.zoomLevels.initial * 1.01;
    return {
      ArrowUp: isZoomed ? null : () => this.changeRound(-1),
      ArrowDown: isZoomed ? null : () => this.changeRound(1),
      ' ': repeat || target.closest('button') ? null : () => this.box.close(),
      l: () => this.lock(),
      p: () => this.pin(),
      c: () => this.compare(),
      0: () => this.zoom(null),
      1: () => this.zoomToActual(),
      '+': () => this.zoom(Math.min(1, currSlide.currZoomLevel * 1.5)),
      '-': () => this.zoom(Math.max(currSlide.zoomLevels.min, currSlide.currZoomLevel / 1.5)),
    };
  }
}

// PhotoSwipe ignores what closes it, and hears no key, until it has opened: Escape at once after Space would do nothing.
function closeWhenOpen(box) {
  const close = () => Object.getPrototypeOf(box).close.call(box);
  const press = (event) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    box.close();
  };
  const forget = () => document.removeEventListener('keydown', press);
  box.close = () => (box.opener.isOpen ? close() : box.on('openingAnimationEnd', close));
  document.addEventListener('keydown', press);
  for (const name of ['openingAnimationEnd', 'destroy']) box.on(name, forget);
}

function describeLock(button, words) {
  button.hidden = !words;
  button.textContent = words || '';
  button.title = `${words} (L)`;
}
