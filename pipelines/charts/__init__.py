"""Charts as data: one specification each, which pages show in a browser and packs set on paper.

What a page or a pack is in (its theme, its width) is given; nothing here knows of either.
"""
