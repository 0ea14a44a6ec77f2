// What is searched for, as the fields say it. No browser is needed.
const DAY = 24 * 60 * 60;

export const NO_FILTER = Object.freeze({ words: '', model: '', seed: '', stars: '0', days: '', isKept: false });

// The days include today: 1 is today alone.
export const PERIODS = [['', 'At any time'], ['1', 'Today'], ['7', 'In the last 7 days'], ['30', 'In the last 30 days'], ['365', 'In the last year']];

// What `read_search` in seedlab/ui/views/gallery_data.py reads.
export function writeSearch({ words, model, seed, stars, days, isKept }, now = new Date()) {
  const since = days ? startOfDay(now) - (Number(days) - 1) * DAY : null;
  return { words: words.slice(0, 500), model, seed: seed.slice(0, 50), stars: Number(stars), kept: isKept, since };
}

function startOfDay(now) {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime() / 1000;
}

export const isFiltered = (fields) => Object.keys(NO_FILTER).some((name) => fields[name] !== NO_FILTER[name]);

export function describeCount(total, fields) {
  if (!total) return isFiltered(fields) ? 'No picture is like this: search for less.' : 'There are no pictures yet. Generate makes some.';
  return total === 1 ? '1 picture' : `${total.toLocaleString('en')} pictures`;
}
