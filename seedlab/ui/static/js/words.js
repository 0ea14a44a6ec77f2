// The words that a model knows, by kind. A click adds a word to the prompt, or removes a suffix that is already there.
import { html, render } from './lit.js';

// Called by Gradio's component (see seedlab/ui/blocks/columns.py).
export function start({ element, props, trigger, watch }) {
  let pending = Promise.resolve();
  const add = (phrase) => { pending = pending.then(() => ask(trigger, phrase)); };
  const show = () => render(Object.entries(props.value || {}).map((kind) => kindView(kind, add)), element.querySelector('.lexicon'));
  watch('value', show);
  show();
}

const kindView = ([kind, phrases], add) => html`<dt>${kind}</dt
  ><dd>${phrases.map((phrase) => html`<button type="button" class="word" @click=${() => add(phrase)}>${phrase}</button>`)}</dd>`;

const PATIENCE = 1000; // milliseconds: a word that is in the prompt already changes nothing

// The event sends the current prompt, so the answer to one click must arrive before the next is sent.
async function ask(trigger, phrase) {
  const prompt = document.querySelector('#prompt textarea');
  const [before, deadline] = [prompt.value, Date.now() + PATIENCE];
  trigger('word', { phrase });
  while (prompt.value === before && Date.now() < deadline) await new Promise(requestAnimationFrame);
}
