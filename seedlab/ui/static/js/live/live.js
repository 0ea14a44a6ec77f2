// Live words: while a picture is locked, a draft of it follows what is typed. It is shown in the detail, or below the prompt
// where the detail is out of sight.
import { nothing, render } from '../lit.js';
import { Typing } from '../state/typing.js';
import { liveView, placeholderView } from '../views/live.js';
import { listen, send } from './server.js';

const BESIDE = 800; // pixels of the sheet's width from which the detail is at its right: see layout.css

export class Live {
  // `sheet` has the view, the root, and the functions draw() and say(words).
  constructor(sheet) {
    Object.assign(this, { sheet, holder: null, key: null });
    this.typing = new Typing(send, () => this.draw());
    listen((answer) => this.take(answer));
    document.addEventListener('seedlab-typed', () => this.locked && this.typing.type());
    document.addEventListener('change', ({ target }) => target.closest?.('#live') && this.typing.turn(target.checked));
    // What is made now is shown in its round.
    document.addEventListener('click', ({ target }) => target.closest?.('#generate, #anew, #stop') && this.dismiss());
    document.addEventListener('keydown', ({ key, shiftKey, target }) => key === 'Enter' && !shiftKey && target.closest?.('#panel') && this.dismiss());
    window.addEventListener('resize', () => this.typing.isOn && this.draw());
  }

  take(answer) {
    this.typing.take(answer);
    if (answer?.state === 'draft') this.sheet.say(`Draft of what you typed: ${answer.words}`);
  }

  // Another picture is locked, or none.
  follow({ key }) {
    const isOther = this.key !== null && this.key !== key;
    this.key = key;
    if (isOther) this.typing.dismiss();
  }

  // The user looks at another picture.
  dismiss() {
    if (this.typing.isOn) this.typing.dismiss();
  }

  draw() {
    this.sheet.draw();
  }

  // What the detail shows in place of its picture; `nothing` for its own.
  get detail() {
    const { picture } = this;
    return picture !== nothing && this.isBeside ? picture : nothing; // asks for the width only if it matters
  }

  get isBeside() {
    return this.sheet.root.clientWidth >= BESIDE;
  }

  get picture() {
    const { shown } = this.typing;
    return shown.picture || shown.words || shown.state === 'waiting' ? liveView(shown, this.locked) : nothing;
  }

  get locked() {
    return this.sheet.view.panel.locked;
  }

  // Below the prompt there is always a picture while the switch is on, so that nothing moves when the draft comes.
  drawBelowPrompt() {
    const isShown = this.typing.isOn && this.locked && !this.isBeside;
    if (!isShown && !this.holder) return;
    this.holder ??= addHolder();
    const picture = this.picture === nothing ? placeholderView(this.findLocked()) : this.picture;
    render(isShown ? picture : nothing, this.holder);
  }

  findLocked() {
    const { known, panel } = this.sheet.view;
    const [round, index] = panel.key.split(' ').map(Number);
    return known.get(round)?.tiles[index];
  }
}

function addHolder() {
  const holder = Object.assign(document.createElement('div'), { className: 'live-below' });
  document.querySelector('#prompt').closest('.field').append(holder);
  return holder;
}
