// The arrangement of the rounds: one is large, those before and after it are strips of thumbnails.
const LEAST = 150; // pixels that a picture of many is wide at least
const FOLDED_KEY = 'seedlab-panel';
// The round that was made large by a click on its title, until another one is requested.
let enlarged = null;

// The number of columns that makes pictures as large as a box allows, and whether they need more than its height.
// `ratio` is a picture's width by its height; `gap` and `caption` are in pixels.
function chooseColumns(count, ratio, box, gap, caption) {
  let best = { columns: 1, size: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const wide = (box.width - gap * (columns - 1)) / columns;
    const high = (box.height / rows - gap - caption) * ratio;
    const size = Math.min(wide, high);
    // Of equal sizes, the fewest rows are quickest to read.
    if (size >= best.size) best = { columns, size };
  }
  return { columns: best.columns, isLong: count > 1 && best.size < Math.min(LEAST, box.width) };
}

function makeArrangement(row) {
  const films = [make('div', 'film'), make('div', 'film')];
  const arrangement = { row, films, large: null, section: null };
  const observer = new ResizeObserver(() => fit(arrangement));
  arrangement.observe = (section) => {
    if (arrangement.section === section) return;
    observer.disconnect();
    arrangement.section = section;
    if (section) observer.observe(section);
  };
  window.addEventListener('resize', () => fit(arrangement));
  row.append(...films);
  return arrangement;
}

// Puts the sections in their places: `large` is the index of the large one.
function arrange(arrangement, sections, large) {
  const { row, films } = arrangement;
  const focused = document.activeElement;
  const plan = [[films[0], sections.slice(0, large)], [films[1], sections.slice(large + 1)], [row, [films[0], ...sections.slice(large, large + 1), films[1]]]];
  for (const [parent, nodes] of plan) for (const node of nodes) if (node.parentElement !== parent) move(parent, node, null);
  for (const [parent, nodes] of plan) setChildren(parent, nodes);
  if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
  arrangement.observe(sections[large] || null);
  fit(arrangement);
}

// Sets the columns of the large round.
function fit({ section }) {
  const count = Number(section?.dataset.count);
  if (!count) return;
  const ratio = Number(section.style.getPropertyValue('--ratio'));
  const style = getComputedStyle(section);
  const read = (name) => parseFloat(style.getPropertyValue(name)) || 0;
  const height = window.innerHeight - read('--chrome') - read('--extra');
  const { columns, isLong } = chooseColumns(count, ratio, { width: section.clientWidth, height }, read('--gap'), read('--caption'));
  section.style.setProperty('--columns', columns);
  section.style.setProperty('--rows', Math.ceil(count / columns));
  section.toggleAttribute('data-long', isLong);
}

// Shows the end of the strips before the large round, and the locked picture in each.
function revealStrips({ films: [film] }) {
  film.scrollLeft = film.scrollWidth;
  const locked = film.lastElementChild?.querySelector('.locked');
  if (locked) film.scrollTop = locked.offsetTop - (film.clientHeight - locked.offsetHeight) / 2;
  for (const strip of film.querySelectorAll('.grid')) {
    const chosen = strip.querySelector('.locked');
    if (chosen) strip.scrollLeft = chosen.offsetLeft - strip.offsetLeft - (strip.clientWidth - chosen.offsetWidth) / 2;
  }
}

// The round requested last is large, or the one that was enlarged. On a phone the newest comes first.
function arrangeRounds(sections) {
  if (view.focus !== focus || !view.path.includes(enlarged)) enlarged = null;
  focus = view.focus;
  const large = view.path.indexOf(enlarged ?? focus);
  view.path.forEach((id, index) => {
    rounds.get(id).open.disabled = index === large;
    setAttribute(rounds.get(id).open, 'title', index === large ? null : `Show ${known.get(id).title} large`);
  });
  if (narrow.matches) arrange(arrangement, sections.reverse(), sections.length - 1 - large);
  else arrange(arrangement, sections, large);
  showLarge(enlarged ?? focus);
}

function enlarge(id) {
  enlarged = id;
  drawAll();
  const { tiles } = rounds.get(id);
  const tile = tiles[known.get(id).locked ?? 0];
  tile.button.focus({ preventScroll: true });
  tile.figure.scrollIntoView({ block: 'nearest', behavior: motion() });
}

// Scrolls only when another round becomes large, never on a preview.
function showLarge(id) {
  if (id === arrangement.large) return;
  const isFirst = arrangement.large === null;
  arrangement.large = id;
  if (id === null) return;
  revealStrips(arrangement);
  const { top } = rounds.get(id).section.getBoundingClientRect();
  const isInView = top >= 20 && top < window.innerHeight / 2;
  if (!isFirst && (narrow.matches || !isInView)) rounds.get(id).section.scrollIntoView({ block: 'start', behavior: motion() });
}

// A button at the panel's edge folds it away, to leave its room to the pictures.
function makeFold() {
  const root = document.documentElement;
  const button = make('button', 'fold-panel', { type: 'button', 'aria-controls': 'panel' }, makeIcon('back'));
  const show = () => {
    const isFolded = root.hasAttribute('data-folded');
    const words = isFolded ? 'Show the panel' : 'Fold the panel away';
    for (const name of ['aria-label', 'title']) setAttribute(button, name, words);
    setAttribute(button, 'aria-expanded', !isFolded);
  };
  button.addEventListener('click', () => {
    writeFold(root.toggleAttribute('data-folded'));
    show();
  });
  root.toggleAttribute('data-folded', readFold());
  show();
  element.closest('#sheet').prepend(button);
}

function readFold() {
  try {
    return localStorage.getItem(FOLDED_KEY) === 'folded';
  } catch {
    return false; // storage is blocked
  }
}

function writeFold(isFolded) {
  try {
    localStorage.setItem(FOLDED_KEY, isFolded ? 'folded' : '');
  } catch {
    // Storage is blocked: the panel is there again after a reload.
  }
}
