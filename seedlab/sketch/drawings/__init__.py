"""Procedural drawings that Sketch is trained on: subjects, styles, places and modifiers.

- Tools: `geometry` (curves and polygons), `canvas` (rasterization), `palette` (colours), `pen` (drawing in subject
  coordinates), `pixel_ops` (tone adjustments).
- Subjects, all listed in `subjects`: `pets`, `animals`, `birds`, `fish`, `buildings`, `vehicles`, `plants`, `things`.
  Several of them share `eyes` and `costume`.
- Around the subject: `backdrops` and `pattern_backdrops` (one per style), `places` and `props`.
- Post-processing of the whole image: `brushes` and `technique_brushes` (one per style), then `modifiers` and `moods`
  (one per suffix).
- `styles` defines the light, backdrop and brush of each style. `draw` renders a scene.
"""
