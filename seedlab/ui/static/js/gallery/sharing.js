// Passing on: links to recipes, rounds as pages, and the trail as a file. What is wrong is shown above the rounds.
import { locate, waitFor } from '../dom.js';
import { ask } from './server.js';

const isLink = () => location.hash.startsWith('#r=');

// `page` has the view, and the functions showPlace(place) and say(words).
export function listenToLinks(page) {
  const receive = () => isLink() && receiveLink(page);
  window.addEventListener('hashchange', receive);
  receive();
}

async function receiveLink(page) {
  const link = location.hash;
  // Not again after a reload.
  history.replaceState(null, '', `${location.pathname}${location.search}`);
  await waitFor(() => page.view.run);
  const answer = await ask('receive', { link }).catch(() => null);
  if (!answer) return;
  page.say(answer.notice);
  page.showPlace(answer.place);
}

// Returns the link, { text, title }; null if there is none.
export const makeLink = (place) => ask('copy_link', { ...place, address: `${location.origin}${location.pathname}` }).catch(() => null);

// Writing hundreds of pictures takes its time.
const PACKING = 600000; // milliseconds

// The panel says why it failed. Returns whether it did not.
export async function pack(kind, round) {
  const answer = await ask('pack', { kind, round }, PACKING).catch(() => null);
  if (answer) Object.assign(document.createElement('a'), { href: locate(answer.url), download: answer.name }).click();
  return Boolean(answer);
}
