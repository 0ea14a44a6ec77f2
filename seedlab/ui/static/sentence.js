const message = element.querySelector('p');
const wrong = element.classList.contains('wrong');
message.id = `${element.id}-words`;

function show() {
  message.textContent = props.value || '';
  linkField();
  // The error may be scrolled out of view, or in an accordion that opens only now.
  if (wrong && props.value) setTimeout(reveal, 100);
}

function reveal() {
  linkField(); // a field in an accordion may be mounted after its message
  message.scrollIntoView({ block: 'nearest' });
}

// Makes screen readers announce the error with its field. The message above the columns has no field.
function linkField() {
  const field = wrong && element.closest('.field')?.querySelector('textarea, input');
  if (!field) return;
  for (const [name, value] of [['aria-invalid', 'true'], ['aria-describedby', message.id]]) {
    if (props.value) field.setAttribute(name, value);
    else field.removeAttribute(name);
  }
}

watch('value', show);
show();
