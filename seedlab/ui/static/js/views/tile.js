// One tile: a button with the picture, and a caption with the seed.
import { locate } from '../dom.js';
import { classMap, html, keyed, noChange, nothing, styleMap } from '../lit.js';
import { readMark } from '../state/marks.js';
import { icon } from './icons.js';

const STATE_TEXTS = { waiting: '', running: '', draft: '', done: '', failed: 'Click to try again.', stopped: 'Stopped. Click to resume.' };
const MISSING_PICTURE = 'The picture’s file is not in the store any more. Click to generate it again.';
const MISSING_DRAFT = 'The draft’s file is not in the store any more. Click to make the whole picture.';

const isWorking = ({ state }) => state === 'waiting' || state === 'running';
const hasPicture = ({ state }) => state === 'done' || state === 'draft';

export const joinPrompt = ({ lead, parts }) => lead + parts.filter(([kind]) => kind !== 'removed').map(([, text]) => text).join('');

export const nameDownload = (tile) => (tile.draft ? tile.download.replace(/\.png$/, '-draft.png') : tile.download);

// `shown`: index, isLocked, isChosen, isNext, isPicked, isSelecting, isPinned, isActive (whether Tab leads to it), isHidden,
// isLoaded, rank (1 for the best, 0 for none), and isMissing (a store of limited size has deleted the picture since).
export function tileView(tile, shown) {
  const state = shown.isMissing ? 'failed' : tile.state;
  const classes = {
    tile: true, locked: shown.isLocked, varied: Boolean(tile.varied), drafted: Boolean(tile.draft), next: shown.isNext,
    chosen: shown.isChosen, picked: shown.isPicked, pinned: shown.isPinned, kept: tile.mark?.kept === true, rejected: tile.mark?.kept === false, shown: Boolean(tile.url) && shown.isLoaded && !shown.isMissing,
  };
  return html`<figure class=${classMap(classes)} data-state=${state} data-index=${shown.index} ?hidden=${shown.isHidden}>${frame(tile, shown)}${caption(tile, state)}</figure>`;
}

function frame(tile, { rank, isLocked, isPicked, isSelecting, isActive, isMissing }) {
  const styles = { '--fraction': String(tile.fraction), 'aspect-ratio': `${tile.width} / ${tile.height}` };
  // A preview stays under the picture that takes its place.
  const preview = tile.preview || (tile.url || isWorking(tile) ? noChange : nothing);
  const picture = tile.url ? locate(tile.url) : nothing;
  return html`<button class="frame" type="button" aria-label=${rank ? `${tile.name}, number ${rank}` : tile.name} aria-pressed=${isSelecting ? isPicked : isLocked} tabindex=${isActive ? 0 : -1} style=${styleMap(styles)}
    ><img class="preview" alt="" decoding="sync" draggable="false" src=${preview}
    ><img class="picture" alt="" decoding="sync" draggable="false" src=${picture} ?hidden=${!tile.url || isMissing}
    ><span class="words">${message(tile, isMissing)}</span><span class="bar"></span><span class="badge">${icon('lock')}</span><span class="badge pick">${icon('check')}</span
    ><span class="badge pin">${icon('pin')}</span>${markView(readMark(tile), rank)}</button>`;
}

// The button's name says it in words.
function markView({ kept, stars }, rank) {
  const flag = kept === null ? nothing : icon(kept ? 'keep' : 'reject');
  return html`<span class="mark" aria-hidden="true" data-rank=${rank || nothing} ?hidden=${kept === null && !stars && !rank}>${flag}<span>${'★'.repeat(stars)}</span></span>`;
}

// A new element for each text: one that moves as its text wraps would count as a shift of the layout.
function message(tile, isMissing) {
  const text = isMissing ? (tile.draft ? MISSING_DRAFT : MISSING_PICTURE) : describeState(tile);
  return keyed(text, text ? html`<span>${text}</span>` : nothing);
}

function describeState(tile) {
  if (hasPicture(tile)) return '';
  return [tile.state === 'stopped' ? '' : tile.sentence, STATE_TEXTS[tile.state]].filter(Boolean).join(' ');
}

function caption(tile, state) {
  const stage = tile.draft ? (isWorking(tile) ? 'finishing' : 'draft') : '';
  const hasNote = hasPicture({ state }) && Boolean(tile.sentence);
  return html`<figcaption><span class="edge">${tile.seed}</span><span class="stage" title=${tile.draft ? `Draft: ${tile.draft} of this picture` : nothing}>${stage}</span
    ><span class="suffix" title=${tile.caption || nothing}>${tile.caption}</span><span class="note" title=${tile.sentence} ?hidden=${!hasNote}>${icon('note')}</span>${tools(tile)}</figcaption>`;
}

function tools(tile) {
  const name = `${tile.draft ? 'draft of ' : ''}seed ${tile.seed}${tile.caption ? `, ${tile.caption}` : ''}`;
  return html`<span class="tools"
    ><button class="tool look" type="button" tabindex="-1" title="Look closely (Space, or a double click)" aria-label=${`Look closely at ${name}`} ?hidden=${!tile.url}>${icon('look')}</button
    ><a class="tool save" tabindex="-1" title=${tile.draft ? 'Download the draft' : 'Download PNG'} aria-label=${`Download ${name}`} href=${tile.url ? locate(tile.url) : nothing}
      download=${nameDownload(tile)} ?hidden=${!tile.url}>${icon('save')}</a></span>`;
}
