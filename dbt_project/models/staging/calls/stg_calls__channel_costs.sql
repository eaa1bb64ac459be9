-- Grain: one row a source system and source, medium, spent_on; the newest version of each.
{{ staged('calls.channel_costs') }}
