// The panel agrees with the sheet: it is told when another picture is locked, or another round is shown.
const root = document.documentElement;

export class Following {
  // `trigger` sends an event to the server, and `say` tells screen readers.
  constructor(trigger, say) {
    Object.assign(this, { trigger, say, key: null, run: null });
  }

  take({ run, panel: { key, locked } }) {
    const why = run === this.run ? 'change' : 'open';
    if (why === 'change' && key === this.key) return;
    if (why === 'change') this.say(locked ? `Locked: ${locked}` : 'No seed is locked');
    Object.assign(this, { run, key });
    root.toggleAttribute('data-locked', Boolean(locked));
    this.trigger('follow', { why });
  }
}
