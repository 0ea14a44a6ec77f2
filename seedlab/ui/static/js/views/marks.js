// Buttons to keep or reject a picture, and to give it stars.
import { html } from '../lit.js';
import { readMark } from '../state/marks.js';
import { icon } from './icons.js';

export function marksView(at, tile, page) {
  const mark = readMark(tile);
  return html`<div class="marking" role="group" aria-label="Marks"
  ><button class="action small" type="button" aria-pressed=${mark.kept === true} title="Keep (P)" @click=${() => page.mark(at, 'keep')}>${icon('keep')}Keep</button
  ><button class="action small" type="button" aria-pressed=${mark.kept === false} title="Reject: it dims, and is not deleted (X)" @click=${() => page.mark(at, 'reject')}>${icon('reject')}Reject</button
  ><span class="stars">${[1, 2, 3, 4, 5].map((stars) => html`<button type="button" class=${stars <= mark.stars ? 'star given' : 'star'} aria-pressed=${stars === mark.stars}
    aria-label=${stars === 1 ? '1 star' : `${stars} stars`} title=${`${stars} of 5 stars (${stars})`} @click=${() => page.mark(at, 'stars', stars)}>${stars <= mark.stars ? '★' : '☆'}</button>`)}</span></div>`;
}
