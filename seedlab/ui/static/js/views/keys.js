// A sheet of all keys.
import { html, render } from '../lit.js';

const GROUPS = [
  ['Among the pictures', [
    ['← → ↑ ↓', 'Go to another picture, and to another round'], ['Enter', 'Lock the seed, and vary it'], ['Space', 'Look closely'],
    ['P', 'Keep'], ['X', 'Reject: it dims, and is not deleted'], ['1 … 5', 'Give stars; the same again takes them back'], ['U', 'Undo the last mark'],
    ['C', 'Compare: with the pinned pictures, or with the parent'], ['Ctrl or Shift + click', 'Select several'], ['Esc', 'End the selection, or unlock the seed'], ['G', 'Gallery: all your pictures'],
  ]],
  ['Looking closely', [
    ['← →', 'Another picture of the round'], ['↑ ↓', 'The round above or below'], ['+ − 0 1', 'Zoom in, zoom out, fit, one to one'], ['L', 'Lock the seed'],
    ['P', 'Pin for comparison'], ['C', 'Compare'], ['Esc', 'Back to the picture’s place'],
  ]],
  ['Comparing', [
    ['S G F D', 'Slider, side by side, flicker, difference'], ['← →', 'Move the seam'], ['Space', 'Next picture, while they flicker'], ['+ − 0 1', 'Zoom'], ['Esc', 'Close'],
  ]],
];

export function showKeys() {
  const opener = document.activeElement;
  const dialog = document.body.appendChild(Object.assign(document.createElement('dialog'), { className: 'keys-box' }));
  render(html`<h2 id="keys-title">Keys</h2><button type="button" aria-label="Close" title="Close (Esc)" @click=${() => dialog.close()}>×</button>
    <div class="groups">${GROUPS.map(([title, keys]) => html`<section><h3>${title}</h3><dl>${keys.map(([key, words]) => html`<dt><kbd>${key}</kbd></dt><dd>${words}</dd>`)}</dl></section>`)}</div>`, dialog);
  dialog.setAttribute('aria-labelledby', 'keys-title');
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  dialog.addEventListener('close', () => {
    dialog.remove();
    opener?.focus?.({ preventScroll: true });
  });
  dialog.showModal();
}
