// What the gallery asks the server. Each question has a number, which its answer repeats.
const PATIENCE = 60000; // milliseconds
export const SILENT = 'The server does not answer: try again in a moment.';

const waiting = new Map();
const unsent = [];
let trigger = null;
let asked = 0;

// Called by Gradio's component (see seedlab/ui/blocks/columns.py).
export function start({ props, trigger: send, watch }) {
  trigger = send;
  watch('value', () => take(props.value));
  for (const each of unsent.splice(0)) each();
}

// Resolves to the answer. An error has the sentence to show as its message.
export function ask(kind, data = {}, patience = PATIENCE) {
  asked += 1;
  const number = asked;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => take({ number, error: SILENT }), patience);
    waiting.set(number, { resolve, reject, timer });
    const send = () => trigger(kind, { ...data, number });
    if (trigger) send();
    else unsent.push(send);
  });
}

function take(answer) {
  const question = waiting.get(answer?.number);
  if (!question) return;
  waiting.delete(answer.number);
  clearTimeout(question.timer);
  if (answer.error) question.reject(new Error(answer.error));
  else question.resolve(answer);
}
