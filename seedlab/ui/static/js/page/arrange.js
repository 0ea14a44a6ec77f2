// The arrangement of the rounds: one is large, those before and after it are strips of thumbnails.
import { chooseColumns } from '../state/layout.js';
import { motion, narrow } from '../dom.js';

export class Arrangement {
  constructor() {
    this.row = make('div', 'rounds');
    this.films = [make('div', 'film'), make('div', 'film')];
    this.section = null;
    this.large = null;
    // The number of tiles that the large round was fitted for.
    this.fitted = 0;
    this.observer = new ResizeObserver(() => this.fit());
    window.addEventListener('resize', () => this.fit());
    this.row.setAttribute('role', 'region');
    this.row.setAttribute('aria-label', 'Rounds');
    this.row.append(...this.films);
  }

  // Puts the sections in their places: `large` is the index of the large one. On a phone the newest comes first.
  arrange(sections, large) {
    if (narrow.matches) this.place(sections.toReversed(), sections.length - 1 - large);
    else this.place(sections, large);
    this.observe(sections[large] || null);
    // Sizes are noticed by themselves: to ask for them with each update would make the browser lay out the page each time.
    if (Number(this.section?.dataset.count) !== this.fitted) this.fit();
  }

  place(sections, large) {
    const { row, films } = this;
    const focused = document.activeElement;
    const plan = [[films[0], sections.slice(0, large)], [films[1], sections.slice(large + 1)], [row, [films[0], ...sections.slice(large, large + 1), films[1]]]];
    for (const [parent, nodes] of plan) for (const node of nodes) if (node.parentElement !== parent) move(parent, node, null);
    for (const [parent, nodes] of plan) setChildren(parent, nodes);
    if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
  }

  observe(section) {
    if (this.section === section) return;
    this.observer.disconnect();
    Object.assign(this, { section, fitted: 0 });
    if (section) this.observer.observe(section);
  }

  // Sets the columns of the large round.
  fit() {
    const { section } = this;
    const count = Number(section?.dataset.count);
    if (!count) return;
    this.fitted = count;
    const ratio = Number(section.style.getPropertyValue('--ratio'));
    const style = getComputedStyle(section);
    const read = (name) => parseFloat(style.getPropertyValue(name)) || 0;
    const box = { width: section.clientWidth, height: window.innerHeight - read('--chrome') - read('--extra') };
    const { columns, isLong } = chooseColumns(count, ratio, box, read('--gap'), read('--caption'));
    section.style.setProperty('--columns', columns);
    section.style.setProperty('--rows', Math.ceil(count / columns));
    section.toggleAttribute('data-long', isLong);
  }

  // Scrolls only when another round becomes large, never on a preview.
  reveal(id) {
    if (id === this.large) return;
    const isFirst = this.large === null;
    this.large = id;
    if (id === null) return;
    this.revealStrips();
    const { top } = this.section.getBoundingClientRect();
    const isInView = top >= 20 && top < window.innerHeight / 2;
    if (!isFirst && (narrow.matches || !isInView)) this.section.scrollIntoView({ block: 'start', behavior: motion() });
  }

  // Shows the end of the strips before the large round, and the locked picture in each.
  revealStrips() {
    const [film] = this.films;
    film.scrollLeft = film.scrollWidth;
    const locked = film.lastElementChild?.querySelector('.locked');
    if (locked) film.scrollTop = locked.offsetTop - (film.clientHeight - locked.offsetHeight) / 2;
    for (const strip of film.querySelectorAll('.grid')) centre(strip, strip.querySelector('.locked'));
  }
}

// Scrolls a row sideways to one of its children.
export function centre(row, child) {
  if (child) row.scrollLeft = child.offsetLeft - row.offsetLeft - (row.clientWidth - child.offsetWidth) / 2;
}

const make = (tag, className) => Object.assign(document.createElement(tag), { className });

// Makes nodes the children of a parent, in order. Nodes already in place are not touched, so they keep focus and scroll.
// Not by templates: a round moves from one parent to another, and has to stay the same element.
function setChildren(parent, nodes) {
  for (const child of [...parent.children]) if (!nodes.includes(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) move(parent, node, parent.children[index] || null);
  });
}

// Newer browsers keep the focus and the scrolling of what they move within a page.
function move(parent, node, before) {
  if (parent.moveBefore && node.isConnected && parent.isConnected) parent.moveBefore(node, before);
  else parent.insertBefore(node, before);
}
