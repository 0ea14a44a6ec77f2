"""Procedural drawings that Sketch is trained on: subjects, styles, places and modifiers.

- Tools: `geometry` (curves and polygons), `canvas` (rasterization), `palette` (colours), `pen` (drawing in subject
  coordinates), `pixel_ops` (tone adjustments).
- `subjects` has a module for each kind of subject; several of them share `eyes` and `costume`.
- `styles` has the light, backdrop and brush of each style.
- Around the subject: `places` and `props`.
- Post-processing of the whole image: the style's brush, then `modifiers` and `moods` (one per suffix).
- `draw` renders a scene.
"""
