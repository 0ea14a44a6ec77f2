// A prompt, with what was added to that of the round's parent and what was removed from it.
import { html } from '../lit.js';

export const promptView = ({ lead, parts }) => html`<span>${lead}</span>${partsView(parts)}`;

export const partsView = (parts) => parts.map(([kind, text]) => {
  if (kind === 'added') return html`<ins>${text}</ins>`;
  return kind === 'removed' ? html`<del>${text}</del>` : html`<span>${text}</span>`;
});
