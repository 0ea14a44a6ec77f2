// The words that a model knows, by kind. A click adds a word to the prompt, or removes a suffix that is already there.
const list = element.querySelector('.lexicon');
let pending = Promise.resolve();

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
  chip.addEventListener('click', () => { pending = pending.then(() => add(phrase)); });
  return chip;
}

// The event sends the current prompt, so the answer to one click must arrive before the next is sent.
async function add(phrase) {
  const prompt = document.querySelector('#prompt textarea');
  const [before, deadline] = [prompt.value, Date.now() + 5000];
  trigger('word', { phrase });
  while (prompt.value === before && Date.now() < deadline) await new Promise(requestAnimationFrame);
}

watch('value', show);
show();
