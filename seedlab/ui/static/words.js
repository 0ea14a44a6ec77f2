// The words of a model that knows few, by kind: a click puts one into the prompt, or takes a suffix out of it again.
const list = element.querySelector('.lexicon');

function show() {
  list.replaceChildren(...Object.entries(props.value || {}).flatMap(([kind, phrases]) => [makeKind(kind), makeChips(phrases)]));
}

function makeKind(kind) {
  const term = document.createElement('dt');
  term.textContent = kind;
  return term;
}

function makeChips(phrases) {
  const chips = document.createElement('dd');
  chips.append(...phrases.map(makeChip));
  return chips;
}

function makeChip(phrase) {
  const chip = document.createElement('button');
  chip.type = 'button';
  chip.className = 'word';
  chip.textContent = phrase;
  chip.addEventListener('click', () => trigger('word', { phrase }));
  return chip;
}

watch('value', show);
show();
