// Uploads a picture dropped anywhere on the page through the "Open a picture" button.
const PICTURES = '.png,.jpg,.jpeg,.webp';
const MAX_UPLOAD = 20 * 2 ** 20; // as in seedlab.server.bodies
const hasFiles = (event) => [...(event.dataTransfer?.types || [])].includes('Files');

function acceptDrops() {
  const mark = (on) => document.documentElement.toggleAttribute('data-dropping', on);
  waitFor(findInput).then((input) => {
    input.accept = PICTURES; // what the dialog offers; the server checks files
    input.parentElement.addEventListener('change', refuseLarge, true);
  });
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
    const files = [...event.dataTransfer.files]; // empty after the event
    const [file] = files;
    if (!file) return; // a link or a picture of another page, which comes without its file
    // Wait for the first update: until then the page has no session.
    await waitFor(() => view.run && findInput());
    document.documentElement.dataset.dropped = files.length; // the notice says that only the first is opened
    upload(file);
  });
}

// Gradio would say nothing: before it uploads, it drops files that are too large.
function refuseLarge(event) {
  const large = [...(event.target.files || [])].find((file) => file.size > MAX_UPLOAD);
  if (!large) return;
  event.stopImmediatePropagation();
  event.target.value = '';
  trigger('refuse', { name: large.name });
}

function upload(file) {
  const chosen = new DataTransfer();
  chosen.items.add(file);
  const input = findInput();
  input.files = chosen.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
}

// Gradio mounts this input next to its button, on a slow machine seconds after the columns.
const findInput = () => document.querySelector('#open')?.parentElement.querySelector('input[type=file]');

async function waitFor(find) {
  while (!find()) await new Promise(requestAnimationFrame);
  return find();
}
