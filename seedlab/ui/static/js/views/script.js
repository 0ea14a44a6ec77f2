// An exported script, or a link. Without clipboard access (it needs https or localhost) the text is selected instead.
import { html } from '../lit.js';

export class Script {
  // `redraw` renders the view again.
  constructor(redraw) {
    Object.assign(this, { redraw, name: null, title: '', text: '', state: '', source: null, opener: null, isShown: false });
  }

  // Notes which picture a script is asked for.
  expect(source) {
    this.source = source;
    this.opener = document.activeElement;
  }

  // Hides the script of another picture.
  inspect(source) {
    if (source !== this.source) this.isShown = false;
  }

  // Updates repeat the last script. Shows only a new one, and only if the picture it was asked for is still inspected.
  take(data, source) {
    if (!data || data.name === this.name) return;
    this.name = data.name;
    this.show(data, source);
  }

  // Shows a script or a link, and copies it.
  show({ title, text }, source) {
    if (this.source !== source) return;
    // The state is cleared first: an unchanged text would not be announced again.
    Object.assign(this, { title: `${title}: `, text, state: '', isShown: true });
    this.redraw();
    this.copy();
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.text);
      this.state = 'copied';
    } catch {
      this.state = copySelected(document.querySelector('.script textarea')) ? 'copied' : 'press Ctrl+C to copy';
    }
    this.redraw();
  }

  close() {
    this.opener?.focus(); // a hidden element would lose it
    this.isShown = false;
    this.redraw();
  }

  get view() {
    const isLine = !this.text.includes('\n');
    return html`<div class="script" ?hidden=${!this.isShown}><p><span>${this.title}</span><span class="copied" role="status" aria-live="polite">${this.state}</span
      ><button class="action" type="button" @click=${() => this.close()}>Close</button></p
      ><textarea readonly rows=${isLine ? 4 : 12} spellcheck="false" wrap=${isLine ? 'soft' : 'off'} aria-label=${isLine ? 'Link' : 'Script'} .value=${this.text}></textarea></div>`;
  }
}

function copySelected(text) {
  const before = document.activeElement;
  text.focus();
  text.select();
  const isCopied = document.execCommand('copy');
  // The text keeps the focus only if the user has to copy it by hand.
  if (isCopied) before?.focus({ preventScroll: true });
  return isCopied;
}
