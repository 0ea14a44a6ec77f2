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
  document.addEventListener('drop', async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(false);
    const chosen = new DataTransfer();
    chosen.items.add(event.dataTransfer.files[0]);
    // Not before the first view: until then the browser has not told which trail it kept, and it would be lost.
    const input = await waitFor(() => shown && findInput());
    input.files = chosen.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  });
}

// Gradio puts the input beside its button, on a slow machine seconds later than the sheet that pictures are dropped on.
const findInput = () => document.querySelector('#open')?.parentElement.querySelector('input[type=file]');

async function waitFor(find) {
  while (!find()) await new Promise(requestAnimationFrame);
  return find();
}
