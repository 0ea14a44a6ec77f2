// Seeds with names, such as "good pose": offered under the field of the seeds, and given in the inspector.
import { readStorage, waitFor, writeStorage } from '../dom.js';
import { html, nothing, render } from '../lit.js';
import { ask } from './server.js';

const SHOWN = 8;
// Drawn at once after a reload, so that nothing shifts when the server's answer comes.
const KEY = 'seedlab-seed-names';
const findField = () => document.querySelector('#seeds :is(input, textarea)');

export class SeedNames {
  constructor() {
    Object.assign(this, { seeds: [], holder: null, dialog: null, isAll: false });
  }

  async load() {
    await waitFor(findField);
    this.holder = Object.assign(document.createElement('div'), { className: 'seed-names' });
    document.querySelector('#seeds').closest('.field').append(this.holder);
    this.seeds = readKept();
    this.draw();
    try {
      this.take(await ask('list_seeds'));
    } catch {
      // There is no gallery here: no seed can have a name.
    }
  }

  take({ seeds }) {
    this.seeds = seeds;
    writeStorage(KEY, JSON.stringify(seeds));
    this.draw();
  }

  draw() {
    if (this.holder) render(this.view, this.holder);
    if (this.dialog) render(this.dialogView, this.dialog);
  }

  get view() {
    const { seeds, isAll } = this;
    if (!seeds.length) return nothing;
    const shown = isAll ? seeds : seeds.slice(0, SHOWN);
    return html`<div role="group" aria-label="Named seeds">${shown.map((each) => html`<button type="button" title=${`Seed ${each.seed}, found with ${each.model}`} @click=${() => fill(each.seed)}>${each.label}</button>`)
    }${shown.length < seeds.length ? html`<button type="button" @click=${() => this.showAll()}>All ${seeds.length}</button>` : nothing}</div>`;
  }

  showAll() {
    this.isAll = true;
    this.draw();
  }

  // Asks for the name of a tile's seed.
  open(at, seed) {
    Object.assign(this, { at, seed, problem: '', opener: document.activeElement });
    this.dialog = document.body.appendChild(Object.assign(document.createElement('dialog'), { className: 'name-box' }));
    this.dialog.setAttribute('aria-labelledby', 'name-title');
    this.dialog.addEventListener('close', () => this.end());
    this.draw();
    this.dialog.showModal();
  }

  end() {
    this.dialog.remove();
    this.dialog = null;
    this.opener?.focus?.({ preventScroll: true });
  }

  get dialogView() {
    return html`<form @submit=${(event) => this.save(event)}><h2 id="name-title">Name seed ${this.seed}</h2>
      <label><span>What is good about it, such as “good pose”</span><input type="text" name="label" maxlength="60" autocomplete="off" required></label>
      <p class="problem" role="alert">${this.problem}</p>
      <p class="buttons"><button type="submit" class="primary">Save</button><button type="button" @click=${() => this.dialog.close()}>Cancel</button></p></form>
      ${this.seeds.length ? html`<h3>Named seeds</h3><ul>${this.seeds.map((each) => html`<li><span><bdi>${each.label}</bdi> · ${each.seed}</span><button type="button" aria-label=${`Forget ${each.label}`} title="Forget" @click=${() => this.send('forget_seed', { label: each.label })}>×</button></li>`)}</ul>` : nothing}`;
  }

  async save(event) {
    event.preventDefault();
    const label = new FormData(event.target).get('label');
    if (await this.send('name_seed', { ...this.at, label })) this.dialog?.close();
  }

  async send(kind, data) {
    try {
      this.problem = '';
      this.take(await ask(kind, data));
      return true;
    } catch (error) {
      this.problem = error.message;
      this.draw();
      return false;
    }
  }
}

function readKept() {
  try {
    return JSON.parse(readStorage(KEY) || '[]');
  } catch {
    return []; // somebody edited it
  }
}

function fill(seed) {
  const field = findField();
  field.value = seed;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  field.focus();
}
