// The pixels of pictures, and a canvas with their difference.
import { locate } from '../dom.js';
import { amplify, describe, measure } from '../state/difference.js';

// Reads two pictures. The second is drawn in the size of the first.
export async function readPixels(one, other) {
  const { width, height } = one;
  const data = await Promise.all([one, other].map((tile) => read(locate(tile.url), width, height)));
  return { width, height, data, words: describe(measure(...data)) };
}

async function read(source, width, height) {
  const picture = Object.assign(new Image(), { src: source });
  await picture.decode();
  const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d', { willReadFrequently: true });
  context.drawImage(picture, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

export function drawDifference(canvas, { width, height, data }, gain) {
  Object.assign(canvas, { width, height });
  const image = new ImageData(width, height);
  amplify(...data, gain, image.data);
  canvas.getContext('2d').putImageData(image, 0, 0);
}
