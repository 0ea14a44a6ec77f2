// A script, to read and to copy. The clipboard may be forbidden (it needs https or this machine): then it is selected.
function makeScript() {
  const title = make('span');
  const state = make('span', 'copied', { role: 'status', 'aria-live': 'polite' });
  const close = make('button', 'action', { type: 'button' });
  const text = make('textarea', '', { readonly: '', rows: 12, spellcheck: 'false', wrap: 'off', 'aria-label': 'Script' });
  const root = make('div', 'script', { hidden: '' }, make('p', '', {}, title, state, close), text);
  setText(close, 'Close');
  close.addEventListener('click', () => { root.hidden = true; });
  return { root, title, state, text, number: null };
}

// A view repeats the last script; only a new one is shown.
function showScript(script, data) {
  if (!data || data.number === script.number) return;
  script.number = data.number;
  script.text.value = data.text;
  setText(script.title, `${data.title}: `);
  script.root.hidden = false;
  copy(script);
}

async function copy({ text, state }) {
  try {
    await navigator.clipboard.writeText(text.value);
    setText(state, 'copied');
  } catch {
    text.select();
    setText(state, document.execCommand('copy') ? 'copied' : 'press Ctrl+C to copy');
  }
}
