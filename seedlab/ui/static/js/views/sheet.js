// All of the sheet around the rounds.
import { html, nothing, repeat } from '../lit.js';
import { galleryButton } from '../gallery/gallery.js';
import { emptyView } from './empty.js';
import { inspectorView } from './inspector.js';

// `shown`: the view, the row of the rounds, a note about what is saved, what is said to screen readers, and what the inspector
// shows.
export const sheetView = ({ view, row, note, said, inspected }, page) => html`<nav class="roots" aria-label="Previous explorations">${rootsView(view.roots, page)}</nav
  >${galleryButton(page)}${row}${emptyView()}<div class="below"><p class="status" role="status" aria-live="polite">${view.status}</p><p class="hint">${view.hint}</p
  ><button class="help" type="button" title="Keys (?)" aria-label="Keys" @click=${() => page.showKeys()}>?</button
  ><p class="storage" role="status" ?hidden=${!note}>${note}</p><p class="said" role="status">${said}</p></div>${inspectorView(inspected, page)}`;

const rootsView = (roots, page) => repeat(roots, ({ id }) => id, ({ id, label, current }) => html`<button type="button"
  aria-current=${current ? 'true' : nothing} @click=${() => page.revisit(id)}>${label}</button>`);
