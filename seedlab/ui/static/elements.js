// Helpers to create and update elements. Text is only set through textContent: user input is never parsed as HTML.
const SVG = 'http://www.w3.org/2000/svg';

const ICONS = {
  lock: 'M5 7V5.2a3 3 0 0 1 6 0V7h.5A1.5 1.5 0 0 1 13 8.5v4A1.5 1.5 0 0 1 11.5 14h-7A1.5 1.5 0 0 1 3 12.5v-4A1.5 1.5 0 0 1 4.5 7H5Zm1.6 0h2.8V5.2a1.4 1.4 0 0 0-2.8 0V7Z',
  check: 'M6.5 10.4 3.6 7.5 2.5 8.6l4 4 7-7-1.1-1.1Z',
  save: 'M7.25 2h1.5v6.2l2.2-2.2 1.06 1.06L8 11.07 3.99 7.06 5.05 6l2.2 2.2V2ZM3 12.5h10V14H3v-1.5Z',
  look: 'M7 2a5 5 0 0 1 3.96 8.06l3.24 3.24-1.06 1.06-3.24-3.24A5 5 0 1 1 7 2Zm0 1.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z',
  back: 'M10.2 3.3 5.5 8l4.7 4.7 1.1-1.1L7.7 8l3.6-3.6-1.1-1.1Z',
  note: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2Zm-.75 5v4.25h1.5V7h-1.5Zm0-2.5V6h1.5V4.5h-1.5Z',
};

function make(tag, className, attributes = {}, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function makeIcon(name) {
  const icon = document.createElementNS(SVG, 'svg');
  icon.setAttribute('viewBox', '0 0 16 16');
  icon.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  path.setAttribute('fill', 'currentColor');
  path.setAttribute('fill-rule', 'evenodd');
  icon.append(path);
  return icon;
}

// Write only what changed: each write restarts transitions and screen reader announcements.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

function setSource(image, source) {
  if (image.getAttribute('src') !== source) image.setAttribute('src', source);
}

// The address of a picture. The page may be served below a path, with or without a slash at its end.
const locate = (path) => `${location.pathname.replace(/\/?$/, '/')}${path}`;

// Makes nodes the children of a parent, in order. Nodes already in place are not touched, so they keep focus and scroll.
function setChildren(parent, nodes) {
  for (const child of [...parent.children]) if (!nodes.includes(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) move(parent, node, parent.children[index] || null);
  });
}

// Newer browsers keep the focus and the scrolling of what they move within a page.
function move(parent, node, before) {
  if (parent.moveBefore && node.isConnected && parent.isConnected) parent.moveBefore(node, before);
  else parent.insertBefore(node, before);
}

const reducedMotion = window.matchMedia('(prefers-reduced-motion: reduce)');
const narrow = window.matchMedia('(max-width: 760px)');
const motion = () => (reducedMotion.matches ? 'auto' : 'smooth');
