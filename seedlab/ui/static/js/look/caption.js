// What is said of the picture that is shown large, and the ways to the rounds above and below.
import { html, nothing, render } from '../lit.js';
import { JUDGING } from '../views/drafts.js';
import { promptView } from '../views/prompt.js';

export const captionView = ({ tile, round, index, ways }, changeRound) => html`<div class="look-caption"
  ><p><strong role="status" aria-live="polite">${`Seed ${tile.seed}${tile.caption ? ` · ${tile.caption}` : ''}`}</strong
    ><span class="stage" title=${tile.draft ? JUDGING : nothing}>${tile.draft ? `Draft, ${tile.draft}` : ''}</span><span class="where">${index + 1} of ${round.tiles.length}</span></p
  ><p><span class="prompt">${promptView(tile)}</span></p
  ><div>${way('up', ways.up && `↑ ${ways.up.title}`, () => changeRound(-1))}${way('down', ways.down && `↓ ${ways.down.title}`, () => changeRound(1))}</div></div>`;

const way = (name, words, go) => html`<button class=${`way ${name}`} type="button" ?hidden=${!words} @click=${go}>${words || ''}</button>`;

export const showCaption = (root, shown, changeRound) => render(captionView(shown, changeRound), root);
