// A picture that is dropped anywhere on the page goes where "Open a picture" would put it.
const hasFiles = (event) => [...(event.dataTransfer?.types || [])].includes('Files');

function takeDrops() {
  const mark = (on) => document.documentElement.toggleAttribute('data-dropping', on);
  document.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener('dragleave', (event) => event.relatedTarget === null && mark(false));
  document.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(false);
    const input = findInput();
    const chosen = new DataTransfer();
    chosen.items.add(event.dataTransfer.files[0]);
    input.files = chosen.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  });
}

// Gradio puts the input beside its button.
function findInput() {
  return document.querySelector('#open').parentElement.querySelector('input[type=file]');
}
