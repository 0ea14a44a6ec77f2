// A round: its title, prompt and siblings, what is said of its drafts, and its tiles.
import { guard, html, nothing, repeat } from '../lit.js';
import { draftsView } from './drafts.js';
import { icon } from './icons.js';
import { matrixView } from './matrix.js';
import { selectedView } from './selected.js';
import { tileView } from './tile.js';

// Makes the element of a round. What is in it is rendered each time something of it changes.
export function makeSection({ id, table, tiles }) {
  const section = document.createElement('section');
  const names = { tabular: table, some: !table && tiles.length > 6 && tiles.length <= 16, 'sheet-of-many': !table && tiles.length > 16 };
  section.className = ['round', ...Object.keys(names).filter((name) => names[name])].join(' ');
  section.setAttribute('aria-labelledby', `round-${id}`);
  Object.assign(section.dataset, { id, count: table ? '' : tiles.length });
  const across = table?.columns.length ?? 1;
  const sizes = { '--ratio': tiles[0].width / tiles[0].height, '--across': across, '--down': tiles.length / across };
  for (const [name, value] of Object.entries(sizes)) section.style.setProperty(name, value);
  return section;
}

// `shown`: isLarge, selection, picked (the indices of the selected tiles, in order), kept (how many tiles are), isOnlyKept,
// and describe(index), what a tile is shown as. `page` has the functions enlarge, revisit, downloadMatrix, filter, and those
// of the drafts and of the selection.
export function roundView(data, shown, page) {
  const label = `round-${data.id}`;
  const figures = data.tiles.map((tile, index) => guardedView(tile, shown.describe(index)));
  return html`<header><h2 id=${label}><button type="button" ?disabled=${shown.isLarge} title=${shown.isLarge ? nothing : `Show ${data.title} large`}
      @click=${() => page.enlarge(data.id)}>${data.title}</button></h2
    ><p title=${data.prompt.join('')}><span class="lead">${data.prompt[0]}</span><span class="tail">${data.prompt[1]}</span></p
    >${data.table ? downloadButton(data, page) : nothing}${filterView(shown, page)}${rankView(data, shown, page)}${siblingsView(data, page)}</header
    >${draftsView(data, shown.selection, page)}${data.table ? matrixView(data.table, figures, label) : html`<div class="grid">${figures}</div>`}${selectedView(data, shown.picked, page)}`;
}

// Of a round of 64, a few tiles change with each update.
const guardedView = (tile, shown) => guard([tile, ...Object.values(shown)], () => tileView(tile, shown));

const filterView = ({ kept, isLarge, isOnlyKept }, page) => (kept && isLarge ? html`<button class="action small filter" type="button" aria-pressed=${isOnlyKept}
  @click=${() => page.filter(!isOnlyKept)}>Only the kept (${kept})</button>` : nothing);

// When too many are kept.
function rankView({ id, tiles }, { isLarge }, page) {
  const kept = tiles.flatMap(({ mark, url }, index) => (mark?.kept === true && url ? [index] : []));
  return isLarge && page.canRank(kept) ? html`<button class="action small filter" type="button" title="Which of two is better? Ranks what is kept" @click=${() => page.rank(id, kept)}>Choose by pairs</button>` : nothing;
}

const downloadButton = (data, page) => html`<button class="tool" type="button" title="Download the matrix as PNG" aria-label="Download the matrix as PNG"
  @click=${() => page.downloadMatrix(data)}>${icon('save')}</button>`;

const siblingsView = ({ id, siblings }, page) => html`<nav class="siblings" aria-label="Other variations of this picture">${repeat(siblings, (each) => each,
  (each, index) => html`<button type="button" aria-current=${each === id ? 'true' : nothing} aria-label=${`Variations ${index + 1} of ${siblings.length}`}
    @click=${() => page.revisit(each)}>${index + 1}</button>`)}</nav>`;
