const words = element.querySelector('p');
const wrong = element.classList.contains('wrong');
words.id = `${element.id}-words`;

function show() {
  words.textContent = props.value || '';
  tie();
  // What went wrong may stand in a part of the panel that is scrolled away, or that opens only now.
  if (wrong && props.value) setTimeout(reveal, 100);
}

function reveal() {
  tie(); // a field in such a part may have come after its sentence
  words.scrollIntoView({ block: 'nearest' });
}

// A screen reader says with the field what is wrong with it. The sentence above the columns has no field.
function tie() {
  const field = wrong && element.closest('.field')?.querySelector('textarea, input');
  if (!field) return;
  for (const [name, value] of [['aria-invalid', 'true'], ['aria-describedby', words.id]]) {
    if (props.value) field.setAttribute(name, value);
    else field.removeAttribute(name);
  }
}

watch('value', show);
show();
