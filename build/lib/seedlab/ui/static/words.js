// The words of a model that knows few, by kind: a click puts one into the prompt, or takes a suffix out of it again.
const list = element.querySelector('.lexicon');
let asked = Promise.resolve();

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
  chip.addEventListener('click', () => { asked = asked.then(() => add(phrase)); });
  return chip;
}

// The server is told the prompt as it stands: the answer to one click has to be there before the next one is told.
async function add(phrase) {
  const prompt = document.querySelector('#prompt textarea');
  const [before, patience] = [prompt.value, Date.now() + 5000];
  trigger('word', { phrase });
  while (prompt.value === before && Date.now() < patience) await new Promise(requestAnimationFrame);
}

watch('value', show);
show();
