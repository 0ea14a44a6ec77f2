// What is shown before the first round: an example of one, and the three steps. As large as the first round will be, so that
// nothing jumps when tiles appear.
import { html } from '../lit.js';
import { icon } from './icons.js';

const SEEDS = [0, 1, 2, 3];
const CHOSEN = 2;
const VARIATIONS = ['highly-realistic', 'artsy', 'trending', 'colorful'];

const locate = (name) => new URL(`../../example/${name}.webp`, import.meta.url).href;

// Lazy: who has rounds does not see them, and does not load them.
const picture = (name, alt = '') => html`<img src=${locate(name)} alt=${alt} loading="lazy" decoding="async" draggable="false">`;

const exampleView = (seed, page) => html`<figure class="tile"><button class="paper" type="button" title="Make these pictures yourself"
  aria-label=${`Example, seed ${seed}: make these pictures yourself`} @click=${() => page.startExample()}>${picture(`seed-${seed}`)}</button
  ><figcaption><span class="edge">${seed}</span></figcaption></figure>`;

const stepView = (pictures, words, isLocked = false) => html`<li><div class=${isLocked ? 'step one' : 'step'} aria-hidden="true">${pictures.map((name) => picture(name))}${
  isLocked ? html`<span class="badge">${icon('lock')}</span>` : ''}</div><p>${words}</p></li>`;

const INVITATION = 'Made by Sketch. Click a picture to make them yourself.';

// `page` has the function startExample(); `waiting` is said in place of the invitation.
export const emptyView = (page, waiting) => html`<div class="blank"><header><h2>Example</h2><p>${waiting || INVITATION}</p></header
  ><div class="grid">${SEEDS.map((seed) => exampleView(seed, page))}</div
  ><ol class="steps">${stepView(SEEDS.map((seed) => `seed-${seed}`), 'Generate makes four pictures, one per seed.')}${
    stepView([`seed-${CHOSEN}`], 'Click the one whose composition you like: its seed is locked.', true)}${
    stepView(VARIATIONS, 'Vary its words and settings: the composition stays.')}</ol></div>`;
