// What live words ask the server.
let trigger = null;
let receive = () => {};

// Called by Gradio's component (see seedlab/ui/blocks/columns.py).
export function start({ props, trigger: send, watch }) {
  trigger = send;
  watch('value', () => receive(props.value));
}

export const send = (kind, data) => trigger?.(kind, data);

// `take` is called with each answer.
export function listen(take) {
  receive = take;
}
