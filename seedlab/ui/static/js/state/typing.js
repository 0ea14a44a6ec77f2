// Live words: when a draft is asked for, and which answers are shown. No browser is needed.
export const PAUSE = 250; // milliseconds after the last letter

export const NOTHING = Object.freeze({ state: 'none', picture: null, words: '', isStale: false });

export class Typing {
  // `send` tells the server, and `redraw` shows what changed.
  constructor(send, redraw) {
    Object.assign(this, { send, redraw, isOn: false, number: 0, isAsked: false, timer: null, shown: NOTHING });
  }

  turn(isOn) {
    this.isOn = isOn;
    this.dismiss();
    if (isOn) this.ask();
  }

  // At each letter: the draft before it ends at once.
  type() {
    if (!this.isOn) return;
    this.hush();
    this.show({ ...this.shown, isStale: true });
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  ask() {
    this.number += 1;
    this.isAsked = true;
    this.send('typed', { number: this.number });
  }

  hush() {
    clearTimeout(this.timer);
    if (this.isAsked) this.send('hush', { number: this.number });
    this.isAsked = false;
  }

  dismiss() {
    this.hush();
    this.show(NOTHING);
  }

  // See `LiveHandlers.follow_typing` in seedlab/ui/handlers/live.py. What comes after the draft was ended is dropped.
  take(answer) {
    if (!this.isAsked || answer?.number !== this.number) return;
    const { shown } = this;
    const { state, words } = answer;
    this.isAsked = state === 'waiting' || state === 'drafting';
    if (state === 'none') this.show(NOTHING);
    else if (state === 'wrong') this.show({ ...shown, isStale: true }); // its field says why
    else if (answer.picture) this.show({ ...answer, isStale: false });
    else this.show({ ...shown, state, words });
  }

  show(shown) {
    this.shown = shown;
    this.redraw();
  }
}
