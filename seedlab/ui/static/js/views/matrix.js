// A round with two axes: a table with headings.
import { html, styleMap } from '../lit.js';

export function matrixView({ columns, rows }, figures, label) {
  const lines = rows.map((row, index) => html`<div class="line" role="row">${heading('rowheader', row)}${
    figures.slice(index * columns.length, (index + 1) * columns.length).map((figure) => html`<div class="cell" role="cell">${figure}</div>`)}</div>`);
  return html`<div class="matrix" role="table" aria-labelledby=${label} tabindex="-1" style=${styleMap({ '--columns': String(columns.length) })}
    ><div class="line" role="row"><span class="corner" role="columnheader" aria-hidden="true"></span>${columns.map((column) => heading('columnheader', column))}</div>${lines}</div>`;
}

const heading = (role, text) => html`<span class=${role} role=${role} title=${text}><span>${text}</span></span>`;
