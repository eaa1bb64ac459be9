{#- Functions that stand in pipelines/warehouse/sql_functions.py, because DuckDB lacks them. It has them while dbt builds, by
    the plugin that profiles.yml names. They may be called in tables only: the published file is read without them, so a
    view that calls one could not be read. -#}

{#- Words in lower-case ASCII letters and digits, whatever the script: `Ромашка` is `romashka`, `Åkeri` is `akeri`. -#}
{% macro latin(text) -%}nullif(latin({{ text }}), ''){%- endmacro %}

{#- Spellings of one sound as one, of text in Latin letters: ö, oe and o, kh and h, doubled letters, so that writings of
    one name by two systems of transliteration meet. -#}
{% macro same_sound(text) -%}same_sound({{ text }}){%- endmacro %}

{#- The two-letter code of a country that is written as a name (in fifteen languages) or as a code. -#}
{% macro country_code(text) -%}country_code({{ text }}){%- endmacro %}

{#- A phone number's digits in E.164 without the plus, read as people of `country` (a two-letter code) write it; NULL for
    what cannot be a number there. Takes some 40 microseconds: for the few numbers whose form does not tell. -#}
{% macro e164(text, country) -%}e164({{ text }}, {{ country }}){%- endmacro %}

{#- How alike two names are, from 0 to 1, word by word; takes names in Latin letters. -#}
{% macro name_similarity(one, other) -%}name_similarity({{ one }}, {{ other }}){%- endmacro %}
