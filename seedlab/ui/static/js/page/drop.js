// Uploads a picture dropped anywhere on the page through the "Open a picture" button.
import { waitFor } from '../dom.js';

const PICTURES = '.png,.jpg,.jpeg,.webp,.zip'; // an exported trail is a ZIP file
const hasFiles = (event) => [...(event.dataTransfer?.types || [])].includes('Files');

// `isReady` says whether the page has a session; `refuse` is called with the name of a file of more than `most` bytes.
export function acceptDrops(isReady, most, refuse) {
  const mark = (isOn) => document.documentElement.toggleAttribute('data-dropping', isOn);
  waitFor(findInput).then((input) => {
    input.accept = PICTURES; // what the dialog offers; the server checks files
    input.parentElement.addEventListener('change', (event) => refuseLarge(event, most, refuse), true);
  });
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
    open([...event.dataTransfer.files], isReady); // empty after the event
  });
}

async function open(files, isReady) {
  const [file] = files;
  if (!file) return; // a link or a picture of another page, which comes without its file
  await waitFor(() => isReady() && findInput());
  document.documentElement.dataset.dropped = files.length; // the notice says that only the first is opened
  upload(file);
}

// Gradio would say nothing: before it uploads, it drops files that are too large.
function refuseLarge(event, most, refuse) {
  const large = [...(event.target.files || [])].find((file) => file.size > most);
  if (!large) return;
  event.stopImmediatePropagation();
  event.target.value = '';
  delete document.documentElement.dataset.dropped; // else it would be said of the next file
  refuse(large.name);
}

export function upload(file) {
  const chosen = new DataTransfer();
  chosen.items.add(file);
  const input = findInput();
  input.files = chosen.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
}

// Gradio mounts this input next to its button, on a slow machine seconds after the columns.
export const findInput = () => document.querySelector('#open')?.parentElement.querySelector('input[type=file]');
