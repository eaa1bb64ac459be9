{#- Text made comparable, so that two systems' spellings of one company, person or address meet. Every macro gives NULL
    for what says nothing: a blank name must never match another blank name. -#}

{#- Letters and digits of any script, lower case, one space between words; `&` reads "and", accents are taken off. -#}
{% macro normalised_words(column) -%}
nullif(trim(regexp_replace(
    lower(strip_accents(replace({{ column }}, '&', ' and '))), '[^\p{L}\p{N}]+', ' ', 'g'
)), '')
{%- endmacro %}

{#- The letters that end a name are one word, however they were parted: `L.L.C.` is `llc`, `s. r. o.` is
    `sro`, `A/S` is `as`. -#}
{% macro last_letters_together(words) -%}
regexp_replace({{ words }}, ' (\p{L}) (\p{L})(?: (\p{L}))?(?: (\p{L}))?$', ' \1\2\3\4')
{%- endmacro %}

{#- A name without what addresses its bearer: `M/s Krishna` (Messrs) is `Krishna`. -#}
{% macro unaddressed(column) -%}
regexp_replace({{ column }}, '^\s*(?i:m/s|messrs)\b[. ]*', '')
{%- endmacro %}

{#- What joins the words of a name, in a regular expression. -#}
{% macro joining_words() -%}
' (and|et|und|och|og|y|и) '
{%- endmacro %}

{#- A company's or a person's whole name, the legal form included. `Dupont et Fils`, `Dupont & Fils` and `Dupont and Fils` are one. -#}
{% macro normalised_name(column) -%}
{{ last_letters_together('regexp_replace(' ~ normalised_words(unaddressed(column)) ~ ', ' ~ joining_words() ~ ", ' and ', 'g')") }}
{%- endmacro %}

{#- The words of a person's name in the order of the alphabet, so that `Berg Ann` and `Ann Berg` share them; NULL for one
    word, which is anybody's. Takes what `normalised_name` gave. -#}
{% macro words_in_order(normalised) -%}
(case
    when {{ normalised }} like '% %' then array_to_string(list_sort(string_split({{ normalised }}, ' ')), ' ')
end)
{%- endmacro %}

{#- A company's name without the legal form that ends or opens it: `Acme Inc.` and `Acme` share it. Takes what
    `normalised_name` gave. A name that is nothing but a legal form stays whole. -#}
{% macro name_without_legal_form(normalised) -%}
{%- set forms = 'inc|incorporated|llc|pllc|pc|llp|lllp|lp|ltd|limited|plc|corp|corporation|co|company|gmbh|ag|kg|ug|ohg|gbr|ev'
    ~ '|mbh|kgaa|ek|eg|se|ab|aktiebolag|hb|kb|oy|oyj|as|asa|aps|ivs|bv|nv|sa|sas|sasu|sarl|eurl|snc|sci|srl|spa|sl|slu'
    ~ '|lda|ltda|pty|pte|sro|doo|ood|eood|too|sp zoo|and co kg|and co kgaa|pvt|private limited|private ltd|fze|fzco|fzc|dmcc|wll'
    ~ '|ooo|oao|zao|pao|kft|zrt|uab|sia|ou|ооо|оао|зао|пао|ао|ип|оод|еоод|ад|еад|тоо|жшс' -%}
coalesce(
    nullif(trim(regexp_replace(
        regexp_replace({{ normalised }}, '( ({{ forms }}))+$', ''),
        '^(ооо|оао|зао|пао|ао|ип|тоо|ooo|oao|zao|pao|too|ab|oy|uab|sia) ', ''
    )), ''),
    {{ normalised }}
)
{%- endmacro %}

{#- The domain of a website: `https://www.acme.example/about` is `acme.example`; NULL for text that is none. -#}
{% macro website_domain(column) -%}
nullif(regexp_replace(
    regexp_replace(lower(trim(case when {{ column }} like '%_._%' then {{ column }} end)), '^([a-z]+://)?(www[.])?', ''),
    '[/:?# ].*$', ''
), '')
{%- endmacro %}

{#- The domain of an e-mail address that `normalised_email` gave. -#}
{% macro email_domain(email) -%}
nullif(substr({{ email }}, length(regexp_replace({{ email }}, '@[^@]*$', '')) + 2), '')
{%- endmacro %}

{#- True where both tax numbers are known and neither holds the other: `556677-8899` is within `SE556677889901`. -#}
{% macro tax_ids_differ(one, other) -%}
coalesce({{ one }} not like '%' || {{ other }} || '%' and {{ other }} not like '%' || {{ one }} || '%', false)
{%- endmacro %}

{#- An e-mail address in lower case; NULL for text that is none. -#}
{% macro normalised_email(column) -%}
case when {{ column }} like '%_@_%' then lower(trim({{ column }})) end
{%- endmacro %}

{#- A tax number's letters and digits; NULL for what is too short to tell companies apart or is only zeros. -#}
{% macro normalised_tax_id(column) -%}
(case
    when length(replace({{ normalised_words(column) }}, ' ', '')) >= 6
        and replace(replace({{ normalised_words(column) }}, ' ', ''), '0', '') <> ''
        then replace({{ normalised_words(column) }}, ' ', '')
end)
{%- endmacro %}

{#- An id that is unique over all systems: `<system>:<native id>`; NULL when there is none. -#}
{% macro global_id(system, native_id) -%}
({{ system }} || ':' || {{ native_id }})
{%- endmacro %}

{#- The ids that a row gives and that no export has, as text a person can look up; NULL when all of them resolve.
    `links` holds (what it is, the given id, the id found). -#}
{% macro unresolved_ids(links) -%}
nullif(concat_ws(
    '; '
    {%- for name, given, found in links %},
    case when {{ given }} is not null and {{ found }} is null then '{{ name }} ' || {{ given }} end
    {%- endfor %}
), '')
{%- endmacro %}

{#- The records that a CRM's rows refer to: a record by its id, and one that no id names by its name, where one account has it. -#}
{% macro records_referred_to() -%}
select system, kind, native_id as reference, record_id, country_code from records
    union all
    select
        mentioned.system,
        records.kind,
        mentioned.reference,
        min(records.record_id),
        min(records.country_code)
    from (
        select _system as system, account_id as reference from {{ ref('stg_crm__contacts') }}
        union
        select _system, account_id from {{ ref('stg_crm__leads') }}
    ) as mentioned
    inner join records
        on mentioned.system = records.system
        and records.kind = 'crm_account'
        and {{ normalised_name('mentioned.reference') }} = records.name_key
    where not exists (
        select 1 from records as given
        where given.system = mentioned.system and given.kind = 'crm_account' and given.native_id = mentioned.reference
    )
    group by mentioned.system, records.kind, mentioned.reference
    having count(distinct records.account_id) = 1
{%- endmacro %}
