"""From bytes to text cells: one reader a format, what an export is wrapped in, and which encoding it is written in."""
