// What can be done with the selected tiles of a round.
import { html, nothing } from '../lit.js';
import { MOST } from '../state/pairs.js';

export function selectedView(data, picked, page) {
  if (!picked.length) return nothing;
  const { id, tiles } = data;
  const made = picked.filter((index) => tiles[index].url);
  const isDone = picked.every((index) => tiles[index].state === 'done');
  const isLockable = picked.length === 1 && tiles[picked[0]].state === 'done';
  const actions = [
    ['Keep', true, () => page.markAll(id, picked, 'keep')],
    ['Reject', true, () => page.markAll(id, picked, 'reject')],
    ['Compare', made.length > 1 && made.length <= MOST, () => page.compare(made.map((index) => ({ round: id, index })))],
    ['Choose by pairs', page.canRank(made), () => page.rank(id, made)],
    ['Vary all', picked.length > 1 && isDone, () => page.varyAll(id, picked)],
    ['Lock', isLockable, () => page.lockSelected({ round: id, index: picked[0] })],
    ['Download ZIP', made.length, () => page.downloadZip(id, made)],
    ['Contact sheet', made.length, () => page.downloadSheet(id, made)],
    ['Copy as script', page.canShowScript(), () => page.askForScript({ round: id, indices: picked })],
    ['Clear', true, () => page.cancel(id)],
  ];
  return html`<div class="selection" role="toolbar" aria-label="Selected pictures"><span role="status">${picked.length} selected</span>${actions.map(([words, isShown, act]) => (isShown
    ? html`<button class="action small" type="button" @click=${act}>${words}</button>` : nothing))}</div>`;
}
