"""Colours, one meaning each on every page and in every pack. The tests hold that they stay apart for colour-blind eyes.

Blue is ours (revenue, open, answered), orange is what hurts (overdue, lost, missed), teal is cash. Age goes from a
quiet blue for what is not due through sand to a dark red, its lightness falling with every step, so that the order
reads without any hue.
"""

from __future__ import annotations

LIGHT = {
    "ink": "#1B2430",
    "muted": "#667085",
    "grid": "#E8EBF0",
    "blue": "#2B6CB0",
    "orange": "#D9722E",
    "teal": "#2A9D8F",
    "violet": "#5B2C7A",
    "grey": "#98A2B3",
    "sand": "#E3B44C",
    "ground": "#FFFFFF",
}
DARK = {
    "ink": "#E6EAF0",
    "muted": "#98A2B3",
    "grid": "#2A323D",
    "blue": "#5B9BD9",
    "orange": "#E88B4A",
    "teal": "#3DBDAE",
    "violet": "#C48AC0",
    "grey": "#7A8594",
    "sand": "#E3B44C",
    "ground": "#12171E",
}
AGEING_LIGHT = ("#A9C4E0", "#F3CF83", "#EBA755", "#DC7B3B", "#BA4A2B", "#7F2323")
AGEING_DARK = ("#4A6B8F", "#F5DCA3", "#EFB565", "#E28A48", "#CF5F3C", "#B23A3A")
