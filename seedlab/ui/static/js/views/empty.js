// What is shown before the first round. As large as that will be, so that nothing jumps when tiles appear.
import { html } from '../lit.js';

const WORDS = 'Generate makes four pictures, one per seed. Click the one whose composition you like to lock its seed and vary the rest.';

const paper = (seed) => html`<figure class="tile"><div class="paper"></div><figcaption><span class="edge">${seed}</span></figcaption></figure>`;

export const emptyView = () => html`<div class="blank"><header><h2>No pictures yet</h2></header
  ><div class="grid" aria-hidden="true">${[0, 1, 2, 3].map(paper)}</div><p>${WORDS}</p></div>`;
