// How many pictures of a round are side by side.
const LEAST = 150; // pixels that a picture of many is wide at least

// The number of columns that makes pictures as large as a box allows, and whether they need more than its height.
// `ratio` is a picture's width by its height; `gap` and `caption` are in pixels.
export function chooseColumns(count, ratio, box, gap, caption) {
  let best = { columns: 1, size: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const wide = (box.width - gap * (columns - 1)) / columns;
    const high = (box.height / rows - gap - caption) * ratio;
    const size = Math.min(wide, high);
    // Of equal sizes, the fewest rows are quickest to read.
    if (size >= best.size) best = { columns, size };
  }
  return { columns: best.columns, isLong: count > 1 && best.size < Math.min(LEAST, box.width) };
}
