-- Grain: one row per source system and source, medium, spent_on; the newest version of each.
{{ staged('calls.channel_costs') }}
