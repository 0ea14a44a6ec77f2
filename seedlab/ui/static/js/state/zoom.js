// How pictures are zoomed and moved in step. `zoom` is 1 where they fit into their box; `x` and `y` say, in pixels, where
// the box's corner comes to be.
export const FIT = Object.freeze({ zoom: 1, x: 0, y: 0 });

const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

// Keeps the picture in its box.
const keepInside = ({ zoom, x, y }, { width, height }) => ({ zoom, x: clamp(x, width * (1 - zoom), 0), y: clamp(y, height * (1 - zoom), 0) });

// Zooms by a factor, up to `most`. What is at a point of the box stays there.
export function zoomAt(view, factor, point, box, most) {
  const zoom = clamp(view.zoom * factor, 1, most);
  const by = zoom / view.zoom;
  return keepInside({ zoom, x: point.x - (point.x - view.x) * by, y: point.y - (point.y - view.y) * by }, box);
}

export const pan = (view, x, y, box) => keepInside({ zoom: view.zoom, x: view.x + x, y: view.y + y }, box);

// The zoom that shows one pixel of a picture as one of the screen.
export const findActual = (picture, box) => Math.max(1, 1 / Math.min(box.width / picture.width, box.height / picture.height));
