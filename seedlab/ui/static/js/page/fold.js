// A button at the panel's edge folds it away, to leave its room to the pictures; on a phone, one below Generate shows the rest.
import { readStorage, writeStorage } from '../dom.js';
import { html, render } from '../lit.js';
import { icon } from '../views/icons.js';

const FOLDED_KEY = 'seedlab-panel';
const root = document.documentElement;

// Puts the button at the start of a place.
export function addFold(place) {
  root.toggleAttribute('data-folded', readStorage(FOLDED_KEY) === 'folded');
  place.prepend(Object.assign(document.createElement('div'), { className: 'fold' }));
  showFold(place.firstElementChild);
}

function showFold(holder) {
  const isFolded = root.hasAttribute('data-folded');
  const words = isFolded ? 'Show the panel' : 'Fold the panel away';
  const toggle = () => {
    writeStorage(FOLDED_KEY, root.toggleAttribute('data-folded') ? 'folded' : '');
    showFold(holder);
  };
  render(html`<button class="fold-panel" type="button" aria-controls="panel" aria-expanded=${!isFolded} aria-label=${words} title=${words} @click=${toggle}>${icon('back')}</button>`, holder);
}

// On a phone: Generate folds the panel again, which would push the pictures off the screen.
export function listenToUnfold() {
  document.addEventListener('click', ({ target }) => {
    if (target.closest('#fold')) root.toggleAttribute('data-unfolded');
    else if (target.closest('#generate')) root.removeAttribute('data-unfolded');
    else return;
    describeUnfold();
  });
}

// Gradio's button has no aria-expanded of its own.
export function describeUnfold() {
  document.querySelector('#fold')?.setAttribute('aria-expanded', root.hasAttribute('data-unfolded'));
}
