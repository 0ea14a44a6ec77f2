const words = element.querySelector('p');

function show() {
  words.textContent = props.value || '';
  // What went wrong may stand in a part of the panel that is scrolled away, or that opens only now.
  if (props.value && element.classList.contains('wrong')) setTimeout(() => words.scrollIntoView({ block: 'nearest' }), 100);
}

watch('value', show);
show();
