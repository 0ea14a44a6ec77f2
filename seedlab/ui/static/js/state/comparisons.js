// Comparisons of two pictures, and the order that the server makes of them. No browser is needed.

export class Comparisons {
  // `ask(outcomes)` resolves to the ranking; an error has the sentence to show as its message.
  constructor(ask) {
    Object.assign(this, { ask, outcomes: [], ranking: null, message: '', isAsking: false });
  }

  get pair() {
    return this.ranking?.pair;
  }

  // `better`: 1 for the left one, 2 for the right one, 0 for neither.
  async choose(better) {
    if (this.pair) await this.rank([...this.outcomes, [...this.pair, better]]);
  }

  async undo() {
    if (this.outcomes.length) await this.rank(this.outcomes.slice(0, -1));
  }

  // Without an answer, the comparisons stay as they were.
  async rank(outcomes) {
    if (this.isAsking) return;
    this.isAsking = true;
    try {
      Object.assign(this, { ranking: await this.ask(outcomes), outcomes, message: '' });
    } catch (error) {
      this.message = error.message;
    }
    this.isAsking = false;
  }

  // Ends the comparing, and shows the order.
  end() {
    this.ranking = { ...this.ranking, pair: null };
  }
}
