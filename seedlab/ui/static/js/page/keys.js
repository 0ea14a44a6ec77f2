// The keys of the sheet. Single letters act only where the focus is among the pictures, or nowhere.
import { isTyping } from '../dom.js';
import { isStep, step } from '../state/steps.js';
import { findPlace } from './gestures.js';

const isModal = () => Boolean(document.querySelector('dialog[open], .pswp'));

const isMeant = (event) => {
  const { ctrlKey, metaKey, altKey, target } = event;
  if (ctrlKey || metaKey || altKey || event.defaultPrevented || isTyping(event) || isModal()) return false;
  return target === document.body || Boolean(target.closest?.('.sheet'));
};

// `page` has the function findFigure(at), chosen, the inspected tile, and roving, which moves the focus; `actions` has what
// the letters do.
export function listenToKeys(page, actions) {
  document.addEventListener('keydown', (event) => {
    const { target } = event;
    if (!isMeant(event)) return;
    const at = findFocused(target) || page.chosen;
    const act = isStep(event.key) ? findStep(event, at, page) : listKeys(at, actions)[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function findFocused(target) {
  const figure = target.closest?.('.tile[data-index]');
  return figure ? findPlace(figure) : null;
}

const isLocked = () => document.documentElement.hasAttribute('data-locked');

const STARS = ['1', '2', '3', '4', '5'];

function listKeys(at, actions) {
  const unlock = isLocked() ? { escape: () => actions.unlock() } : {};
  const keys = { '?': () => actions.showKeys(), u: () => actions.undo(), g: () => actions.openGallery(), ...unlock };
  if (!at) return keys;
  const stars = Object.fromEntries(STARS.map((key) => [key, () => actions.mark(at, 'stars', Number(key))]));
  return { ...keys, ...stars, p: () => actions.mark(at, 'keep'), x: () => actions.mark(at, 'reject'), c: () => actions.compareWith(at) };
}

// With the focus nowhere, left and right begin at the inspected tile; up and down scroll.
function findStep({ key, target }, at, page) {
  const isInside = Boolean(target.closest?.('.frame'));
  const isBegin = target === document.body && (key === 'ArrowLeft' || key === 'ArrowRight');
  if (!at || !(isInside || isBegin)) return null;
  const figure = page.findFigure(at);
  if (!figure) return null;
  const figures = [...figure.closest('.round').querySelectorAll('.tile[data-index]:not([hidden])')];
  const next = step(key, at.index, figures.map((each) => Number(each.dataset.index)), countColumns(figures));
  const round = next.round ? page.roving.findNeighbour(at.round, next.round) : at.round;
  if (round === null) return () => {};
  return () => page.roving.moveTo({ round, index: next.index ?? page.roving.findActive(round) });
}

function countColumns(figures) {
  const top = (figure) => figure.getBoundingClientRect().top;
  const other = figures.findIndex((figure) => Math.abs(top(figure) - top(figures[0])) > 4);
  return other < 0 ? figures.length : other;
}
