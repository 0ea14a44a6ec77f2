// Pictures in one ZIP file, packed by the browser.
import { locate, saveBlob } from '../dom.js';
import { nameDownload } from '../views/tile.js';

export async function downloadZip(title, tiles) {
  const { downloadZip: pack } = await import(new URL('../../libraries/client-zip-2.5.1/index.js', import.meta.url).href);
  const names = new Set();
  const files = tiles.map(async (tile) => ({ name: makeUnique(nameDownload(tile), names), input: await fetch(locate(tile.url)) }));
  // A picture that the store has deleted since is left out.
  const found = (await Promise.all(files)).filter(({ input }) => input.ok);
  saveBlob(await pack(found).blob(), `${title}.zip`);
}

function makeUnique(name, names) {
  let unique = name;
  for (let number = 2; names.has(unique); number += 1) unique = name.replace(/(\.\w+)$/, `-${number}$1`);
  names.add(unique);
  return unique;
}
