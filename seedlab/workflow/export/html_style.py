"""The style of the HTML pages that are saved: light and dark, and readable on a phone."""

STYLE = """
:root { --paper: #f7f4ee; --ink: #1d1b18; --faint: #6a655c; --line: #d9d2c5; --accent: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #171614; --ink: #ece7dd; --faint: #a39c8f; --line: #3a3732; --accent: #ff8a80; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem clamp(1rem, 4vw, 3rem); background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-bottom: 0; }
a { color: var(--accent); } a:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); }
.prompt, footer { color: var(--faint); margin-top: .2rem; }
section { border-top: 1px solid var(--line); margin-top: 1.5rem; }
.tiles { display: grid; gap: 1rem; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 16rem), 1fr)); }
figure { margin: 0; min-width: 0; }
img { display: block; width: 100%; height: auto; }
figcaption { margin: .3rem 0; }
.back { display: none; }
summary { cursor: pointer; padding: .6rem 0; min-height: 44px; color: var(--faint); }
dl { margin: 0; font-size: .85rem; } dl div { padding: .2rem 0; border-bottom: 1px solid var(--line); }
dt { color: var(--faint); } dd { margin: 0; white-space: pre-wrap; }
pre { overflow-x: auto; max-width: 100%; padding: .6rem; border: 1px solid var(--line); font-size: .8rem; }
figure:target .look { position: fixed; inset: 0; z-index: 1; background: var(--paper); }
figure:target .look img { width: 100%; height: 100%; object-fit: contain; }
figure:target .back { display: block; position: fixed; z-index: 2; inset-block-start: 0; inset-inline-end: 0;
  padding: .7rem 1rem; background: var(--paper); }
@media print { details, .back { display: none; } }
"""
