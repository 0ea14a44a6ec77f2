// What all parts of the page need of the browser.

// The address of what the server has. The page may be served below a path, with or without a slash at its end.
const base = location.pathname.replace(/\/?$/, '/');
export const locate = (path) => `${base}${path}`;

// What Gradio gives a component, as plain data: each access to its own object goes through the proxies of a signal.
export const copy = (value) => JSON.parse(JSON.stringify(value ?? null));

export const reducedMotion = window.matchMedia('(prefers-reduced-motion: reduce)');
export const narrow = window.matchMedia('(max-width: 760px)');
export const motion = () => (reducedMotion.matches ? 'auto' : 'smooth');

export const isTyping = ({ target }) => Boolean(target.closest?.('input:not([type=range]), textarea, select, [contenteditable]'));

// Resolves to what is found; without, after so many milliseconds, to what is not.
export async function waitFor(find, patience = Number.POSITIVE_INFINITY) {
  const end = Date.now() + patience;
  while (!find() && Date.now() < end) await new Promise(requestAnimationFrame);
  return find();
}

// Storage may be blocked.
export function readStorage(key) {
  try {
    return localStorage.getItem(key) || '';
  } catch {
    return '';
  }
}

export function writeStorage(key, text) {
  try {
    localStorage.setItem(key, text);
  } catch {
    // It is forgotten with the page.
  }
}

export function saveBlob(blob, name) {
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
