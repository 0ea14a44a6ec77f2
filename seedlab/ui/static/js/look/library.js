// PhotoSwipe, loaded when the page has nothing else to do, or when it is needed.
const FOLDER = new URL('../../libraries/photoswipe-5.4.4/', import.meta.url);

let loaded = null;

export async function loadLibrary() {
  loaded ||= Promise.all([import(new URL('photoswipe.esm.min.js', FOLDER).href), addStyles()]);
  try {
    return (await loaded)[0].default;
  } catch (error) {
    loaded = null; // the next one tries again
    throw error;
  }
}

export const prepareLook = () => (window.requestIdleCallback || setTimeout)(() => loadLibrary().catch(() => {}));

function addStyles() {
  const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: new URL('photoswipe.css', FOLDER).href });
  const done = new Promise((resolve, reject) => { link.onload = resolve; link.onerror = reject; });
  document.head.prepend(link); // before the page's own styles
  return done;
}
