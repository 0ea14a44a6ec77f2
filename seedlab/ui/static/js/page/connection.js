// What the page tells the server, and when it asks what it may have missed.
import { waitFor } from '../dom.js';
import { prepareLook } from '../look/library.js';
import { readWorking } from '../state/saved.js';
import { isAhead } from '../state/updates.js';
import { findInput, upload } from './drop.js';

const SILENCE = 5000; // milliseconds
const CHECK = 2500;

const BUTTONS = '#generate, #anew, #start_use, #try button, #stop';
// The fields in which Enter does what a button does.
const FIELDS = {
  '#generate': '#prompt, #negative_prompt, #num_inference_steps, #guidance_scale, #width, #height',
  '#anew': '#seeds, #draft_steps',
};
const press = (selector) => document.querySelector(selector).click();

// `sheet` has the properties view and saved, and the functions take(update), which returns whether it is new,
// showPending() and endPending().
export class Connection {
  constructor(trigger, sheet) {
    Object.assign(this, { trigger, sheet, last: 0 });
    // Repeats the last action, which a restarted server answers by asking for the saved trail.
    this.repeat = null;
    this.isReopened = false;
    this.listen();
  }

  // Updates of a stream and of a click may arrive in another order than they were made: an older one is dropped.
  receive(update) {
    const { view, saved } = this.sheet;
    this.last = Date.now();
    if (!update) return;
    this.sheet.endPending();
    if (update.run === null) {
      this.isReopened = true;
      this.trigger('reopen', { saved: saved.compose(), working: readWorking() });
      return;
    }
    if (update.run === view.run) this.repeat = null; // the server has not restarted since
    if (isAhead(view, update)) this.ask();
    else {
      const isNewRun = update.run !== view.run;
      if (!this.sheet.take(update) || !isNewRun) return;
      showWhenMounted();
      this.repeatLast();
    }
  }

  send(kind, data) {
    this.repeat = () => this.trigger(kind, data);
    this.trigger(kind, data);
  }

  ask() {
    const { run, version } = this.sheet.view;
    this.last = Date.now();
    this.trigger('wake', { run, version });
  }

  // A phone that slept has lost its stream.
  wake() {
    const { run, working } = this.sheet.view;
    if (run && working && !document.hidden) this.ask();
  }

  repeatLast() {
    const action = this.isReopened ? this.repeat : null;
    this.isReopened = false;
    this.repeat = null;
    action?.();
  }

  listen() {
    document.addEventListener('visibilitychange', () => this.wake());
    window.addEventListener('online', () => this.wake());
    // While there is work the server sends several updates per second: no message means that the stream was lost.
    setInterval(() => Date.now() - this.last > SILENCE && this.wake(), CHECK);
    document.addEventListener('click', ({ target }) => {
      const button = target.closest(BUTTONS);
      if (!button) return;
      this.repeat = button.id === 'stop' ? null : () => button.click();
      if (button.matches('#generate, #try button')) this.sheet.showPending();
    });
    document.addEventListener('keydown', ({ key, shiftKey, target }) => {
      if (key !== 'Enter' || shiftKey) return;
      const [button] = Object.entries(FIELDS).find(([, fields]) => target.closest(fields)) || [];
      if (button) this.repeat = () => press(button);
      if (target.closest('#prompt')) this.sheet.showPending();
    });
    document.addEventListener('change', ({ target }) => {
      const [file] = target === findInput() ? target.files : [];
      if (file) this.repeat = () => upload(file);
    }, true);
  }
}

// The last part of the panel is the button that opens a picture.
async function showWhenMounted() {
  await waitFor(findInput);
  requestAnimationFrame(() => document.documentElement.setAttribute('data-ready', ''));
  prepareLook();
}
