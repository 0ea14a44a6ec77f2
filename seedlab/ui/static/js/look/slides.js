// The pictures of a round, as PhotoSwipe takes them.
import { locate } from '../dom.js';
import { joinPrompt } from '../views/tile.js';

// How large a picture can be shown at least: so many pixels, and so many times its size.
const LARGEST = 4096;
const ENLARGED = 8;
const UNMADE = { waiting: 'This picture is not made yet.', running: 'This picture is being made.', failed: '', stopped: 'Stopped before it was made.' };

export const makeItems = ({ tiles }) => tiles.map((tile) => {
  const src = tile.url ? locate(tile.url) : tile.preview;
  if (!src) return { type: 'unmade', text: [tile.sentence, UNMADE[tile.state]].filter(Boolean).join(' ') };
  // PhotoSwipe enlarges nothing: it is told that the picture is larger. `actual` is the zoom that shows its own size.
  const scale = Math.max(ENLARGED, LARGEST / Math.max(tile.width, tile.height));
  const size = { width: tile.width * scale, height: tile.height * scale, actual: 1 / scale };
  return { ...size, src, msrc: src, alt: joinPrompt(tile) || `Seed ${tile.seed}` };
});

export function showUnmade(event) {
  const { content } = event;
  if (content.type !== 'unmade') return;
  event.preventDefault();
  content.element = Object.assign(document.createElement('div'), { className: 'pswp__content look-unmade' });
  content.element.append(Object.assign(document.createElement('p'), { textContent: content.data.text }));
  content.onLoaded();
}
