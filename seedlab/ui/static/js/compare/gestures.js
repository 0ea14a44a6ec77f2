// Zooming and moving by wheel, pinch, drag and double click.
import { FIT, pan, zoomAt } from '../state/zoom.js';

// `box` has the properties zoom (see state/zoom.js), limits ({ actual, most }) and isSeamMoved, and the functions
// setZoom(zoom) and moveSeam(part), with the part of the width that is left of it.
export function listenToStage(stage, box) {
  const pointers = new Map();
  stage.addEventListener('wheel', (event) => {
    event.preventDefault();
    const { point, size } = locatePoint(event);
    box.setZoom(zoomAt(box.zoom, Math.exp(-event.deltaY / 300), point, size, box.limits.most));
  }, { passive: false });
  stage.addEventListener('pointerdown', (event) => {
    if (event.button || event.target.closest('button, input')) return;
    event.preventDefault();
    stage.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { ...locatePoint(event), pane: findPane(event) });
    if (pointers.size === 1) dragSeam(event, pointers.get(event.pointerId), box);
  });
  stage.addEventListener('pointermove', (event) => {
    if (pointers.has(event.pointerId)) drag(event, pointers, box);
  });
  for (const kind of ['pointerup', 'pointercancel']) stage.addEventListener(kind, (event) => pointers.delete(event.pointerId));
  stage.addEventListener('dblclick', (event) => {
    if (event.target.closest('button, input')) return;
    const { point, size } = locatePoint(event);
    box.setZoom(box.zoom.zoom > 1 ? FIT : zoomAt(FIT, box.limits.actual > 1 ? box.limits.actual : 2.5, point, size, box.limits.most));
  });
}

function drag(event, pointers, box) {
  const held = pointers.get(event.pointerId);
  const { point, size } = locatePoint(event, held.pane);
  const [x, y] = [point.x - held.point.x, point.y - held.point.y];
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  if (other) box.setZoom(pinch(box, { held, point, other, size }));
  else if (!dragSeam(event, held, box)) box.setZoom(pan(box.zoom, x, y, size));
  held.point = point;
}

function pinch({ zoom, limits }, { held, point, other, size }) {
  const distance = ({ x, y }) => Math.hypot(x - other.point.x, y - other.point.y) || 1;
  const middle = { x: (point.x + other.point.x) / 2, y: (point.y + other.point.y) / 2 };
  const moved = pan(zoom, (point.x - held.point.x) / 2, (point.y - held.point.y) / 2, size);
  return zoomAt(moved, distance(point) / distance(held.point), middle, size, limits.most);
}

// Where nothing is zoomed, a drag moves the seam.
function dragSeam(event, { pane }, box) {
  if (!box.isSeamMoved) return false;
  const { point, size } = locatePoint(event, pane);
  box.moveSeam(point.x / size.width);
  return true;
}

const findPane = ({ target, currentTarget }) => target.closest('.pane') || currentTarget.querySelector('.pane');

function locatePoint(event, pane = findPane(event)) {
  const { left, top, width, height } = pane.getBoundingClientRect();
  return { point: { x: event.clientX - left, y: event.clientY - top }, size: { width, height } };
}
