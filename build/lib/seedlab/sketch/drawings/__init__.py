"""Sketch's drawings: what can be drawn, in whose manner, where, and with which suffix.

- Tools: `outlines` (geometry), `canvas` (pixels), `palette` (colours), `pen` (a subject's parts), `tones`.
- Subjects, all listed in `subjects`: `pets`, `beasts`, `birds`, `fish`, `buildings`, `vehicles`, `plants`, `things`;
  several of them share `eyes` and `costume`.
- Around the subject: `backdrops` and `grounds` (the painters'), `places` and `props`.
- Over the whole picture: `brushes` and `manners` (the painters'), then `modifiers` and `moods` (the suffixes').
- `painters` says which light, ground and brush each manner has; `draw` puts a scene together.
"""
