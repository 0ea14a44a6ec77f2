// The gallery's dialog: the fields of the search above, the thumbnails below.
import { locate } from '../dom.js';
import { guard, html, nothing, repeat } from '../lit.js';
import { describeMark } from '../state/marks.js';
import { icon } from '../views/icons.js';
import { marksView } from '../views/marks.js';
import { isFiltered, PERIODS } from './search.js';

const STARS = [['0', 'Any stars'], ['1', '1 star or more'], ['2', '2 stars or more'], ['3', '3 stars or more'], ['4', '4 stars or more'], ['5', '5 stars']];

// `shown`: fields, models, entries, active (an index), isMarking, history, message, isLoading; `page` has the functions change, clear, close,
// show, tap, press, mark, undo and activate.
export const galleryView = (shown, page) => html`<header><h2 id="gallery-title">Gallery</h2><p role="status">${shown.message}</p
  ><button class="close" type="button" aria-label="Close" title="Close (Esc)" @click=${() => page.close()}>×</button></header>
  ${searchView(shown, page)}
  <div class="wall" aria-busy=${shown.isLoading} @keydown=${(event) => page.press(event)}>
    <div class="thumbs" role="group" aria-label="Pictures, the newest first">${repeat(shown.entries, ({ name }) => name, (entry, index) => guard([entry, index === shown.active, shown.isMarking], () => entryView(entry, index, shown, page)))}</div>
    <div class="more" aria-hidden="true"></div></div>${markingView(shown, page)}`;

// What marks the picture that was held, or that the keys marked.
function markingView({ entries, active, isMarking, history }, page) {
  const entry = entries[active];
  if (!isMarking || !entry) return nothing;
  return html`<div class="marks"><span class="what"><span class="edge">${entry.seed}</span> <bdi>${entry.prompt}</bdi></span>${
    marksView(null, entry, { mark: (_, name, value) => page.mark(name, value) })}<button type="button" class="action small" title="Undo (U)" aria-disabled=${!history.length} @click=${() => page.undo()}>Undo</button
    ><button type="button" class="action small" @click=${() => page.show(active)}>Open</button></div>`;
}

const searchView = ({ fields, models }, page) => html`<form role="search" aria-label="Search the gallery" @submit=${(event) => event.preventDefault()}
  @input=${({ target }) => page.change(target.name, target.value)}>
  ${fieldView('Words of the prompt', html`<input type="search" name="words" maxlength="500" autocomplete="off" .value=${fields.words}>`, 'terms')}
  ${fieldView('Model', selectView('model', [['', 'Any model'], ...models.map(({ id, label, count }) => [id, `${label} (${count})`])], fields))}
  ${fieldView('Seed', html`<input type="text" inputmode="numeric" name="seed" maxlength="50" autocomplete="off" .value=${fields.seed}>`)}
  ${fieldView('Stars', selectView('stars', STARS, fields))}
  ${fieldView('Made', selectView('days', PERIODS, fields))}
  <button type="button" aria-pressed=${fields.isKept} @click=${() => page.change('isKept', !fields.isKept)}>${icon('keep')}Kept</button>
  <button type="button" ?hidden=${!isFiltered(fields)} @click=${() => page.clear()}>Show all</button></form>`;

const fieldView = (label, field, name = '') => html`<label class=${name || nothing}><span>${label}</span>${field}</label>`;

const selectView = (name, choices, fields) => html`<select name=${name}>${choices.map(([value, words]) => html`<option value=${value} ?selected=${fields[name] === value}>${words}</option>`)}</select>`;

const entryView = (entry, index, { active, isMarking }, page) => html`<button type="button" class=${nameClass(entry, index === active && isMarking)} data-index=${index} tabindex=${index === active ? '0' : '-1'}
  title=${entry.prompt || nothing} aria-label=${nameEntry(entry)} @click=${() => page.tap(index)} @focus=${() => page.activate(index)}
  ><img alt="" loading="lazy" decoding="async" src=${locate(entry.thumbnail)} @error=${({ target }) => target.classList.add('gone')}
  >${markView(entry.mark)}<span class="caption"><span class="edge">${entry.seed}</span> <bdi>${entry.prompt}</bdi></span></button>`;

const nameClass = ({ mark, draft }, isMarked) => ['entry', isMarked && 'marked', mark.kept === false && 'rejected', draft && 'drafted'].filter(Boolean).join(' ');

function nameEntry({ seed, prompt, model, made, draft, mark }) {
  const day = new Date(made * 1000).toLocaleDateString('en', { dateStyle: 'medium' });
  const said = mark.kept === null && !mark.stars ? '' : describeMark(mark);
  return [`Seed ${seed}`, prompt, model, draft && 'draft', said, day].filter(Boolean).join(', ');
}

const markView = ({ kept, stars }) => (kept !== null || stars ? html`<span class="mark" aria-hidden="true">${kept === null ? nothing : icon(kept ? 'keep' : 'reject')}${'★'.repeat(stars)}</span>` : nothing);
