// All pictures of the visitor, the newest first: searched, marked, and opened back in their rounds.
import { html, render } from '../lit.js';
import { changeMarks, describeMark, writeMark } from '../state/marks.js';
import { isStep, step } from '../state/steps.js';
import { describeCount, NO_FILTER, writeSearch } from './search.js';
import { ask } from './server.js';
import { galleryView } from './view.js';

const MOST_UNDONE = 200;
const PAUSE = 250; // milliseconds after the last letter of a search
const LONG_PRESS = 500; // milliseconds, as on a tile
const AHEAD = '800px'; // how far below the window thumbnails are asked for

export class Gallery {
  // `showPlace` is called with the place of a picture on the page, [round, index].
  constructor(showPlace) {
    Object.assign(this, { showPlace, dialog: null, fields: { ...NO_FILTER }, models: [], timer: null, asked: 0, rating: Promise.resolve(), pressTimer: null, isLong: false });
    this.forget();
  }

  forget() {
    Object.assign(this, { entries: [], active: 0, history: [], isMarking: false, cursor: '', total: null, message: '', isLoading: false });
  }

  open() {
    if (this.dialog) return;
    this.opener = document.activeElement;
    this.dialog = document.body.appendChild(Object.assign(document.createElement('dialog'), { className: 'gallery-box' }));
    this.dialog.setAttribute('aria-labelledby', 'gallery-title');
    this.dialog.addEventListener('close', () => this.end());
    this.draw();
    this.dialog.showModal();
    listenToPress(this.dialog.querySelector('.wall'), this);
    this.observer = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && this.loadMore(), { root: this.dialog.querySelector('.wall'), rootMargin: AHEAD });
    this.load();
  }

  close() {
    this.dialog?.close();
  }

  end() {
    clearTimeout(this.timer);
    this.observer.disconnect();
    this.dialog.remove();
    this.dialog = null;
    this.asked += 1; // what still arrives is dropped
    this.forget();
    this.opener?.focus?.({ preventScroll: true });
  }

  draw() {
    if (this.dialog) render(galleryView(this, this), this.dialog);
  }

  change(name, value) {
    this.fields = { ...this.fields, [name]: value };
    this.draw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), PAUSE);
  }

  clear() {
    this.fields = { ...NO_FILTER };
    this.load();
    this.dialog.querySelector('[name=words]').focus();
  }

  // The first page of a new search.
  async load() {
    clearTimeout(this.timer);
    const answer = await this.find('');
    if (!answer) return;
    Object.assign(this, { ...answer, active: 0, isMarking: false });
    this.message = describeCount(this.total, this.fields);
    this.draw();
    this.dialog.querySelector('.wall').scrollTop = 0;
    this.observeEnd();
  }

  async loadMore() {
    if (this.isLoading || !this.cursor) return;
    const answer = await this.find(this.cursor);
    if (!answer) return;
    const known = new Set(this.entries.map(({ name }) => name));
    this.entries = [...this.entries, ...answer.entries.filter(({ name }) => !known.has(name))];
    this.cursor = answer.cursor;
    this.draw();
    this.observeEnd();
  }

  // Again, as an end that stays in sight is reported once.
  observeEnd() {
    const end = this.dialog.querySelector('.more');
    this.observer.unobserve(end);
    this.observer.observe(end);
  }

  // Returns one page; null if there was another question since, or an error, which is shown.
  async find(cursor) {
    this.asked += 1;
    const { asked } = this;
    this.isLoading = true;
    try {
      const { entries, cursor: next, total, models = this.models } = await ask('search', { ...writeSearch(this.fields), cursor });
      return asked === this.asked ? { entries, cursor: next, total, models } : null;
    } catch (error) {
      if (asked === this.asked) this.fail(error);
      return null;
    } finally {
      if (asked === this.asked) this.isLoading = false;
    }
  }

  fail(error) {
    this.message = error.message;
    this.draw();
  }

  // A finger's long press marks a picture, a tap opens it.
  hold(index) {
    Object.assign(this, { isLong: true, isMarking: true, active: index });
    this.draw();
  }

  // The end of a long press is no tap.
  tap(index) {
    if (!this.isLong) this.show(index);
    this.isLong = false;
  }

  async show(index) {
    this.active = index;
    try {
      const { place } = await ask('show_picture', { name: this.entries[index].name });
      this.opener = null; // the focus goes to the picture
      this.close();
      this.showPlace(place);
    } catch (error) {
      this.fail(error);
    }
  }

  activate(index) {
    if (index === this.active) return;
    this.active = index;
    this.draw();
  }

  press(event) {
    const entry = event.target.closest('.entry');
    if (!entry || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = isStep(event.key) ? () => this.move(event.key) : this.listKeys()[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    this.activate(Number(entry.dataset.index)); // a search that was answered since has begun at the first one
    act();
  }

  listKeys() {
    const stars = Object.fromEntries([1, 2, 3, 4, 5].map((count) => [count, () => this.mark('stars', count)]));
    return { p: () => this.mark('keep'), x: () => this.mark('reject'), u: () => this.undo(), ...stars };
  }

  move(key) {
    const all = [...this.dialog.querySelectorAll('.entry')];
    const first = all[0].offsetTop;
    const columns = all.findIndex((each) => each.offsetTop !== first);
    const { index } = step(key, this.active, [...all.keys()], columns < 0 ? all.length : columns);
    if (index === undefined) return;
    all[index].focus({ preventScroll: true });
    all[index].scrollIntoView({ block: 'nearest' });
  }

  mark(name, value) {
    const entry = this.entries[this.active];
    const [mark] = changeMarks([entry.mark], name, value);
    this.history = [...this.history.slice(1 - MOST_UNDONE), { name: entry.name, mark: entry.mark }];
    this.isMarking = true;
    return this.rate(entry, mark);
  }

  undo() {
    const last = this.history.at(-1);
    this.history = this.history.slice(0, -1);
    const index = this.entries.findIndex(({ name }) => name === last?.name);
    if (index < 0) this.fail(new Error('There is no mark to take back.'));
    else {
      this.activate(index);
      this.rate(this.entries[index], last.mark);
    }
  }

  // Shown at once, and sent one after another, so that a later mark cannot overtake an earlier one.
  rate(entry, mark) {
    this.replace(entry.name, { mark });
    this.rating = this.rating.then(() => this.send(entry, mark));
    return this.rating;
  }

  async send(entry, mark) {
    try {
      await ask('rate', { name: entry.name, mark: writeMark(mark) });
      this.message = `Seed ${entry.seed}: ${describeMark(mark)}`;
    } catch (error) {
      const isNewest = this.entries.some((each) => each.name === entry.name && each.mark === mark);
      if (isNewest) this.replace(entry.name, { mark: entry.mark });
      this.message = error.message;
    }
    this.draw();
  }

  replace(name, changes) {
    this.entries = this.entries.map((each) => (each.name === name ? { ...each, ...changes } : each));
    this.draw();
  }
}

// With a mouse, the buttons come with the first key.
function listenToPress(wall, gallery) {
  const end = () => clearTimeout(gallery.pressTimer);
  wall.addEventListener('pointerdown', (event) => {
    end();
    gallery.isLong = false;
    const entry = event.target.closest('.entry');
    if (event.pointerType === 'touch' && entry) gallery.pressTimer = setTimeout(() => gallery.hold(Number(entry.dataset.index)), LONG_PRESS);
  });
  for (const kind of ['pointerup', 'pointercancel']) wall.addEventListener(kind, end); // a finger that scrolls cancels it
  wall.addEventListener('contextmenu', (event) => { if (gallery.isLong || event.pointerType === 'touch') event.preventDefault(); });
}

// The button above the rounds.
export const galleryButton = (page) => html`<button class="gallery-open" type="button" title="All your pictures (G)" @click=${() => page.openGallery()}>Gallery</button>`;
