// A script, to read and to copy. The clipboard may be forbidden (it needs https or this machine): then it is selected.
function makeScript() {
  const title = make('span');
  const state = make('span', 'copied', { role: 'status', 'aria-live': 'polite' });
  const close = make('button', 'action', { type: 'button' });
  const text = make('textarea', '', { readonly: '', rows: 12, spellcheck: 'false', wrap: 'off', 'aria-label': 'Script' });
  const root = make('div', 'script', { hidden: '' }, make('p', '', {}, title, state, close), text);
  const script = { root, title, state, text, opener: null, source: null, number: null };
  setText(close, 'Close');
  close.addEventListener('click', () => {
    // What is hidden cannot keep the keyboard's focus.
    script.opener?.focus();
    root.hidden = true;
  });
  return script;
}

// A view repeats the last script; only a new one is shown, and none that comes when another picture is looked at.
function showScript({ script, child }, data) {
  if (!data || data.number === script.number) return;
  script.number = data.number;
  if (script.source !== child.getAttribute('src')) return;
  script.text.value = data.text;
  setText(script.title, `${data.title}: `);
  // Emptied first: the same word again would not be announced.
  setText(script.state, '');
  script.root.hidden = false;
  copy(script);
}

async function copy({ text, state }) {
  try {
    await navigator.clipboard.writeText(text.value);
    setText(state, 'copied');
  } catch {
    const before = document.activeElement;
    text.focus();
    text.select();
    const copied = document.execCommand('copy');
    setText(state, copied ? 'copied' : 'press Ctrl+C to copy');
    // Only what is still to be copied by hand needs the focus.
    if (copied) before?.focus({ preventScroll: true });
  }
}
