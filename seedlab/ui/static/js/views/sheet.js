// All of the sheet around the rounds.
import { html, nothing, repeat } from '../lit.js';
import { galleryButton } from '../gallery/gallery.js';
import { emptyView } from './empty.js';
import { icon } from './icons.js';
import { inspectorView } from './inspector.js';

// `shown`: the view, the first rounds with their thumbnails (tabs), the row of the rounds, a note about what is saved, what is said to screen readers,
// what is said while the server takes its time, what the inspector shows, and whether the end of work is announced.
export const sheetView = ({ view, tabs, row, note, said, waiting, inspected, isAlerting }, page) => html`<nav class="roots" aria-label="Previous explorations">${rootsView(tabs, page)}</nav
  >${galleryButton(page)}${row}${emptyView(page, waiting)}<div class="below"><p class="status" role="status" aria-live="polite">${waiting || view.status}</p><p class="hint">${view.hint}</p
  >${alertView(isAlerting, page)}<button class="help" type="button" title="Keys (?)" aria-label="Keys" @click=${() => page.showKeys()}>?</button
  ><p class="storage" role="status" ?hidden=${!note}>${note}</p><p class="said" role="status">${said}</p></div>${inspectorView(inspected, page)}`;

const alertView = (isOn, page) => html`<button class="alert" type="button" aria-pressed=${isOn} title="When all pictures are done: a sound, and a notification if this tab is hidden"
  @click=${() => page.toggleAlert()}>${icon('bell')}<span>Alert me</span></button>`;

const rootsView = (tabs, page) => repeat(tabs, ({ id }) => id, ({ id, label, current, picture }) => html`<button type="button" title=${label}
  aria-current=${current ? 'true' : nothing} @click=${() => page.revisit(id)}><span class="thumb">${picture ? html`<img alt="" draggable="false" src=${picture}>` : initialView(label)}</span
  ><span class="label">${linesOf(label).map((line) => html`<span>${line}</span>`)}</span></button>`);

// In place of a picture that is not finished yet.
const initialView = (label) => html`<span class="initial" aria-hidden="true">${[...label.trim()][0]?.toUpperCase() ?? ''}</span>`;

// The prompt, and below it what tells rounds of one prompt apart.
function linesOf(label) {
  const [prompt, ...others] = label.split(' · ');
  return others.length ? [`${prompt} `, others.join(' · ')] : [label];
}
