// The parts of lit-html (https://lit.dev) that the page uses. Templates set user text as text: it is never parsed as HTML.
export { html, noChange, nothing, render, svg } from '../libraries/lit-html-3.3.3/lit-html.js';
export { classMap } from '../libraries/lit-html-3.3.3/directives/class-map.js';
export { guard } from '../libraries/lit-html-3.3.3/directives/guard.js';
export { keyed } from '../libraries/lit-html-3.3.3/directives/keyed.js';
export { repeat } from '../libraries/lit-html-3.3.3/directives/repeat.js';
export { styleMap } from '../libraries/lit-html-3.3.3/directives/style-map.js';
