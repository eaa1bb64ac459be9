"""The parts that pages are made of: tiles, tables, charts, filters, formats, empty states."""
