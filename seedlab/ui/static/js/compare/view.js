// What the comparison shows: the pictures in one of four ways, and what differs in words.
import { locate } from '../dom.js';
import { classMap, html, nothing, repeat, styleMap } from '../lit.js';
import { partsView } from '../views/prompt.js';
import { joinPrompt } from '../views/tile.js';

export const MODES = [
  { mode: 'slider', words: 'Slider', key: 's' },
  { mode: 'side', words: 'Side by side', key: 'g' },
  { mode: 'flicker', words: 'Flicker', key: 'f' },
  { mode: 'difference', words: 'Difference', key: 'd' },
];

export const nameTile = ({ seed, caption }) => (caption ? `Seed ${seed} · ${caption}` : `Seed ${seed}`);

// `shown`: tiles, mode, pair (the indices of the two that are laid over each other), at (the seam, 0...1), zoom, front (of
// flickering pictures), isFlickering, gain, message and fields (null until they are known).
export const compareView = (shown, box) => html`<header>
    <div class="modes" role="group" aria-label="Ways to compare">${MODES.map(({ mode, words, key }) => html`<button type="button" aria-pressed=${shown.mode === mode}
      title=${`${words} (${key.toUpperCase()})`} @click=${() => box.setMode(mode)}>${words}</button>`)}</div>
    <div class="modes"><button type="button" title="Fit into the window (0)" @click=${() => box.fit()}>Fit</button
      ><button type="button" title="One pixel of the picture is one of the screen (1)" @click=${() => box.showActual()}>1:1</button></div>
    <button type="button" class="close" title="Close (Esc)" aria-label="Close" @click=${() => box.close()}>×</button></header>
  <div class=${`stage ${shown.mode}`} style=${styleMap(describeZoom(shown))}>${panesView(shown)}</div>
  ${controlsView(shown, box)}
  <div class="facts"><table><thead><tr><td></td>${shown.tiles.map((tile, index) => headView(tile, index, shown, box))}</tr></thead>
    <tbody aria-live="polite">${fieldsView(shown)}</tbody></table></div>`;

const describeZoom = ({ zoom, at, tiles }) => ({ '--zoom': zoom.zoom, '--x': `${zoom.x}px`, '--y': `${zoom.y}px`, '--at': `${at * 100}%`, '--count': tiles.length });

const pictureView = (tile) => html`<img class="zoomed" alt=${`${nameTile(tile)}: ${joinPrompt(tile)}`} src=${locate(tile.url)} decoding="sync" draggable="false">`;

function panesView({ tiles, mode, pair, front }) {
  if (mode === 'side') return repeat(tiles.map((_, index) => index), (index) => index, (index) => html`<div class="pane"><div class="layer">${pictureView(tiles[index])}</div></div>`);
  if (mode === 'difference') return html`<div class="pane"><div class="layer"><canvas class="zoomed" role="img" aria-label="Where the pictures differ"></canvas></div></div>`;
  const layers = mode === 'flicker' ? tiles.map((_, index) => index) : pair;
  return html`<div class="pane">${repeat(layers, (index) => index, (index) => html`<div class=${classMap({ layer: true, behind: mode === 'flicker' && index !== front })}>${pictureView(tiles[index])}</div>`)}${
    mode === 'slider' ? html`<span class="seam"></span>` : nothing}</div>`;
}

function controlsView({ mode, at, gain, isFlickering, front, tiles, message }, box) {
  const control = {
    slider: () => html`<label>Left to right <input type="range" min="0" max="100" step="1" .value=${String(Math.round(at * 100))} @input=${({ target }) => box.moveSeam(target.value / 100)}></label>`,
    side: () => nothing,
    flicker: () => html`<button type="button" aria-pressed=${isFlickering} @click=${() => box.toggleFlicker()}>${isFlickering ? 'Pause' : 'Flicker'}</button
      ><button type="button" title="Space" @click=${() => box.flip()}>Next picture</button><span role="status">${nameTile(tiles[front])}</span>`,
    difference: () => html`<label>Amplified ${gain} times <input type="range" min="1" max="32" step="1" .value=${String(gain)} @input=${({ target }) => box.setGain(Number(target.value))}></label
      ><span role="status">${message}</span>`,
  }[mode];
  return html`<div class="controls">${control()}</div>`;
}

// Of more than two pictures, a click on a name lays that one over the first.
function headView(tile, index, { tiles, pair, mode }, box) {
  const isChosen = pair.includes(index);
  const name = html`<span class="thumb"><img alt="" src=${locate(tile.url)}></span>${nameTile(tile)}`;
  if (tiles.length === 2 || index === 0 || mode === 'side' || mode === 'flicker') return html`<th scope="col">${name}</th>`;
  return html`<th scope="col"><button type="button" aria-pressed=${isChosen} title="Compare this one with the first" @click=${() => box.choose(index)}>${name}</button></th>`;
}

function fieldsView({ fields, tiles }) {
  const say = (words) => html`<tr><td class="all" colspan=${tiles.length + 1}>${words}</td></tr>`;
  if (!fields) return say('Reading what differs…');
  if (!fields.length) return say('The recipes are the same.');
  return fields.map(({ label, values }) => html`<tr><th scope="row">${label}</th>${values.map((parts) => html`<td>${partsView(parts)}</td>`)}</tr>`);
}
