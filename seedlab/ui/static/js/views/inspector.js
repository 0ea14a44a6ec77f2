// Right of the rounds: the recipe of one tile, and its picture compared with its parent's.
import { locate } from '../dom.js';
import { html, nothing, styleMap } from '../lit.js';
import { JUDGING } from './drafts.js';
import { icon } from './icons.js';
import { marksView } from './marks.js';
import { promptView } from './prompt.js';
import { joinPrompt, nameDownload } from './tile.js';

// The buttons. `run` is called with the page and the tile's place; `isShown` and `isDisabled` with the tile, its place and the page.
export const ACTIONS = [
  { words: () => 'Finish this picture', name: 'finish', isShown: (tile) => tile.state === 'draft', run: (page, at) => page.finish(at.round, [at.index]) },
  { words: () => 'Larger', title: 'Twice as large, with more details', isShown: (tile) => tile.larger && tile.state === 'done', run: (page, at) => page.send('larger', at) },
  { words: () => 'Compare', title: 'With the pinned pictures, or with its parent (C)', isDisabled: (_, at, page) => !page.canCompare(at), run: (page, at) => page.compareWith(at) },
  { words: (tile) => (tile.draft ? 'Download draft' : 'Download PNG'), isLink: true },
  {
    words: () => 'Verify', title: 'Generate it again on its own and compare the bytes', isDisabled: (tile) => tile.check?.state === 'running',
    run: (page, at) => page.send('verify', at),
  },
  { words: () => 'Copy as script', run: (page, at) => page.askForScript(at) },
  { words: () => 'Copy round as script', run: (page, { round }) => page.askForScript({ round }) },
  { words: () => 'Copy link', title: 'A link to the recipe: whoever opens it makes the picture again', run: (page, at) => page.copyLink(at) },
  { words: () => 'Name this seed…', title: 'To find it again under the field of the seeds', run: (page, at) => page.nameSeed(at) },
];

// What is done with the round, and with all rounds.
const SHARING = [
  { words: () => 'Copy link to the round', title: 'A link to its recipes: whoever opens it makes the pictures again', run: (page, { round }) => page.copyLink({ round }) },
  { words: () => 'Save round as page', title: 'One HTML file with pictures, recipes and scripts, which opens without a network', run: (page, { round }) => page.pack('page', round) },
  { words: () => 'Export all rounds', title: 'One ZIP file with all rounds and their pictures. Drop it on the page to open it', run: (page, { round }) => page.pack('trail', round) },
];

// `shown`: at, tile, parent (its tile, or null), script, and what is shown in place of the picture (live); `page` has the functions of the actions, and openLook.
export function inspectorView({ at, tile, parent, script, live }, page) {
  if (!tile) return html`<section class="inspector" aria-label="Recipe" hidden></section>`;
  return html`<section class="inspector" aria-label="Recipe" style=${styleMap({ '--ratio': String(tile.width / tile.height) })}
    ><div class="view">${compareView(tile, parent?.url ? parent : null, () => page.openLook(at), live !== nothing)}${live}</div
    ><div class="recipe">${marksView(at, tile, page)}${recipeView(tile)}<div class="actions">${ACTIONS.map((action) => actionView(action, at, tile, page))}</div
    ><details class="sharing"><summary>Pass on</summary><div class="actions">${SHARING.map((action) => actionView(action, at, tile, page))}</div></details>${checkView(tile.check)}${script.view}</div></section>`;
}

function actionView(action, at, tile, page) {
  const words = action.words(tile);
  if (action.isLink) return html`<a class="action" href=${locate(tile.url)} download=${nameDownload(tile)}>${words}</a>`;
  // Not `disabled`: that would remove the keyboard focus.
  const isDisabled = action.isDisabled ? Boolean(action.isDisabled(tile, at, page)) : nothing;
  const isHidden = action.isShown && !action.isShown(tile, at, page);
  return html`<button class=${action.name === 'finish' ? 'action primary' : 'action'} type="button" title=${action.title || nothing} aria-disabled=${isDisabled} ?hidden=${isHidden}
    @click=${() => isDisabled !== true && action.run(page, at)}>${words}</button>`;
}

function compareView(tile, parent, look, isCovered) {
  const label = `Compare the parent (left) with ${tile.caption || 'this picture'} (right)`;
  const name = ({ caption, seed }) => caption || `seed ${seed}`;
  return html`<div class=${parent ? 'compare paired' : 'compare'} ?inert=${isCovered} style=${styleMap({ 'aspect-ratio': `${tile.width} / ${tile.height}` })}
      @pointerdown=${{ handleEvent: notePress, capture: true }} @click=${(event) => clickCompare(event, look)}
    ><img class="under" alt="" decoding="sync" src=${parent ? locate(parent.url) : nothing}><img class="over" decoding="sync" alt=${joinPrompt(tile)} src=${locate(tile.url)}
    ><span class="seam"></span><input type="range" min="0" max="100" value="50" step="1" aria-label=${label} ?hidden=${!parent}
      @input=${({ target }) => moveSeam(target)} @keydown=${(event) => pressSeam(event, look)}
    ><button class="tool closer" type="button" title="Look closely" aria-label="Look closely">${icon('look')}</button></div
    ><p class="sides" ?hidden=${!parent}><span>${parent ? name(parent) : ''}</span><span>${name(tile)}</span></p>`;
}

// A click looks closely, a drag moves the seam.
let pressed = null;

function notePress({ currentTarget, clientX }) {
  pressed = { x: clientX, value: currentTarget.querySelector('input').value };
}

const moveSeam = (range) => range.parentElement.style.setProperty('--at', `${range.value}%`);

function clickCompare(event, look) {
  const range = event.currentTarget.querySelector('input');
  const isDrag = event.detail && pressed && Math.abs(event.clientX - pressed.x) > 4;
  if (isDrag || (event.target === range && !event.detail)) return;
  if (event.target === range && pressed) {
    range.value = pressed.value;
    moveSeam(range);
  }
  event.currentTarget.querySelector('.closer').focus({ preventScroll: true });
  look();
}

function pressSeam(event, look) {
  if (event.key !== ' ' || event.repeat) return;
  event.preventDefault();
  look();
}

function recipeView(tile) {
  const lines = [
    ['draft', tile.draft ? `${tile.draft} of this picture. ${JUDGING}` : ''],
    ['prompt', joinPrompt(tile) ? promptView(tile) : ''],
    ['negative', tile.negative],
    ['seed', tile.seed_text],
    ['model', tile.settings],
    ['note', tile.sentence],
  ];
  return html`<dl>${lines.map(([name, content]) => html`<dt ?hidden=${!content}>${name}</dt><dd ?hidden=${!content}>${content}</dd>`)}</dl>`;
}

// Only the message is announced, not the hashes.
const checkView = (check) => html`<div class="check" ?hidden=${!check} data-state=${check?.state ?? nothing}><p role="status" aria-live="polite">${check?.message ?? ''}</p
  ><dl>${(check?.details ?? []).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></div>`;
