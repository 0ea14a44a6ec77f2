// The exported script. Without clipboard access (it needs https or localhost) the text is selected instead.
function makeScript() {
  const title = make('span');
  const state = make('span', 'copied', { role: 'status', 'aria-live': 'polite' });
  const close = make('button', 'action', { type: 'button' });
  const text = make('textarea', '', { readonly: '', rows: 12, spellcheck: 'false', wrap: 'off', 'aria-label': 'Script' });
  const root = make('div', 'script', { hidden: '' }, make('p', '', {}, title, state, close), text);
  const script = { root, title, state, text, opener: null, source: null, name: null };
  setText(close, 'Close');
  close.addEventListener('click', () => {
    // A hidden element would lose the keyboard focus.
    script.opener?.focus();
    root.hidden = true;
  });
  return script;
}

// Updates repeat the last script. Show only a new one, and only if the picture it was requested for is still inspected.
function showScript({ script, child }, data) {
  if (!data || data.name === script.name) return;
  script.name = data.name;
  if (script.source !== child.getAttribute('src')) return;
  script.text.value = data.text;
  setText(script.title, `${data.title}: `);
  // Clear it first: an unchanged text would not be announced again.
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
    // The text keeps the focus only if the user has to copy it by hand.
    if (copied) before?.focus({ preventScroll: true });
  }
}
