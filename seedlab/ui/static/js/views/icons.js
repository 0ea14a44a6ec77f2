import { svg } from '../lit.js';

const ICONS = {
  lock: 'M5 7V5.2a3 3 0 0 1 6 0V7h.5A1.5 1.5 0 0 1 13 8.5v4A1.5 1.5 0 0 1 11.5 14h-7A1.5 1.5 0 0 1 3 12.5v-4A1.5 1.5 0 0 1 4.5 7H5Zm1.6 0h2.8V5.2a1.4 1.4 0 0 0-2.8 0V7Z',
  check: 'M6.5 10.4 3.6 7.5 2.5 8.6l4 4 7-7-1.1-1.1Z',
  save: 'M7.25 2h1.5v6.2l2.2-2.2 1.06 1.06L8 11.07 3.99 7.06 5.05 6l2.2 2.2V2ZM3 12.5h10V14H3v-1.5Z',
  look: 'M7 2a5 5 0 0 1 3.96 8.06l3.24 3.24-1.06 1.06-3.24-3.24A5 5 0 1 1 7 2Zm0 1.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z',
  back: 'M10.2 3.3 5.5 8l4.7 4.7 1.1-1.1L7.7 8l3.6-3.6-1.1-1.1Z',
  keep: 'M4 2h8v12l-4-3-4 3V2Zm1.5 1.5V11L8 9.1l2.5 1.9V3.5h-5Z',
  reject: 'M4.1 3 8 6.9 11.9 3 13 4.1 9.1 8l3.9 3.9-1.1 1.1L8 9.1 4.1 13 3 11.9 6.9 8 3 4.1 4.1 3Z',
  pin: 'M6 2h4v1.3l-.5.4v3L12 9v1.4H8.7V14H7.3v-3.6H4V9l2.5-2.3v-3L6 3.3V2Z',
  note: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2Zm-.75 5v4.25h1.5V7h-1.5Zm0-2.5V6h1.5V4.5h-1.5Z',
};

export const icon = (name) => svg`<svg viewBox="0 0 16 16" aria-hidden="true"><path d=${ICONS[name]} fill="currentColor" fill-rule="evenodd"></path></svg>`;
