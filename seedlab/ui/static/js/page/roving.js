// The keyboard focus among the tiles: Tab leads to one of each round, the arrow keys to the others.
export class Roving {
  // `sheet` has the view, chosen (the inspected tile), large (the id of the large round), and the functions isHidden(round,
  // index), redraw(id), inspect(at) and findFigure(at).
  constructor(sheet) {
    this.sheet = sheet;
    this.active = new Map();
  }

  // The tile of a round that Tab leads to.
  findActive(id) {
    const { view, chosen } = this.sheet;
    const { tiles, locked } = view.known.get(id);
    const active = this.active.get(id) ?? locked ?? (chosen?.round === id ? chosen.index : 0);
    if (!this.sheet.isHidden(id, active)) return active;
    const shown = [...tiles.keys()].filter((index) => !this.sheet.isHidden(id, index));
    return shown.find((index) => index > active) ?? shown.at(-1);
  }

  // Notes where the focus is.
  activate({ round, index }) {
    if (this.findActive(round) === index) return;
    this.active.set(round, index);
    this.sheet.redraw(round);
  }

  findNeighbour(round, step) {
    const { path } = this.sheet.view;
    return path[path.indexOf(round) + step] ?? null;
  }

  // Goes to a tile; the inspector follows.
  moveTo(at) {
    this.sheet.inspect(at);
    this.focus(at);
  }

  focus(at) {
    const figure = this.sheet.findFigure(at);
    figure?.querySelector('.frame').focus({ preventScroll: true });
    figure?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }
}
