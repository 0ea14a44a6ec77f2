// The message under a field. An error is announced with its field, and scrolled into view.
import { render } from './lit.js';

// Called by Gradio's component (see seedlab/ui/blocks/columns.py).
export function start({ element, props, watch }) {
  const isError = element.classList.contains('wrong');
  const message = element.querySelector('p');
  const id = `${element.id}-words`;
  message.id = id;
  const show = () => {
    const text = props.value || '';
    render(text, message);
    if (!isError) return;
    linkField(element, id, text);
    // It may be scrolled out of view, or in an accordion that opens only now.
    if (text) setTimeout(() => reveal(element, id, text), 100);
  };
  watch('value', show);
  show();
}

function reveal(element, id, text) {
  linkField(element, id, text); // a field in an accordion may be mounted after its message
  element.scrollIntoView({ block: 'nearest' });
}

// Makes screen readers announce the error with its field. The message above the columns has no field.
function linkField(element, id, text) {
  const field = element.closest('.field')?.querySelector('textarea, input');
  if (!field) return;
  for (const [name, value] of [['aria-invalid', 'true'], ['aria-describedby', id]]) {
    if (text) field.setAttribute(name, value);
    else field.removeAttribute(name);
  }
}
