"""How it is drawn: the backdrop and the brush of each style; `registry.py` lists the styles, with light and colours."""
