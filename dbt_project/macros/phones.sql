{#- Phone numbers made comparable. Everything here gives NULL for a number that is not known: a withheld caller must
    never match another withheld caller. -#}

{#- What is dialled: digits and a leading +, without an extension (`x12`, `ext. 12`, `доб. 12`, `#12`) or a SIP host. -#}
{#- Most call trackers write nothing but what is dialled: the replacements, which take ten times as long, are for the rest. -#}
{% macro dialled(column) -%}
(case
    when regexp_full_match({{ column }}, '[+]?[0-9]+') then {{ column }}
    else regexp_replace(
        regexp_replace(lower({{ column }}), '( x[ .]*[0-9]|ext|доб|вн|#|@).*$', ''), '[^0-9+]', '', 'g'
    )
end)
{%- endmacro %}

{#- One row that says how numbers are written in the default country, of the CTEs `run` and `dialling_codes`; NULL where no list
    has it. -#}
{% macro home_country() -%}
select
        max(run.default_country) as default_country,
        max(dialling_codes.calling_code) as calling_code,
        max(dialling_codes.national_digits) as national_digits
    from run
    left join dialling_codes on run.default_country = dialling_codes.country
{%- endmacro %}

{#- A number's digits in the international form; takes what `dialled` gave. `codes` is a relation with the default country's
    `calling_code` ('46'), for a number that is written the national way: with a leading 0, or, in a country that writes
    none, with as many digits as its numbers have (`national_digits`; NULL where a 0 tells). The five numbers that are left
    out spell ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE on a telephone's keys: trackers send them for withheld
    callers, and others send zeros, -1 or a single digit. -#}
{% macro phone_digits(dialled, codes) -%}
{%- set calling_code = 'cast(' ~ codes ~ '.calling_code as varchar(9))' -%}
(case
    {#- Word by word: of a list of five DuckDB makes a join. #}
    when case replace({{ dialled }}, '+', '')
            {%- for withheld in ['266696687', '7378742833', '2562533', '8656696', '86282452253'] %}
            when '{{ withheld }}' then true
            {%- endfor %}
            else false
        end then null
    when length(ltrim(replace({{ dialled }}, '+', ''), '0')) < 2 then null
    when {{ dialled }} like '+%' then replace({{ dialled }}, '+', '')
    when {{ dialled }} like '00%' then nullif(replace(substr({{ dialled }}, 3), '+', ''), '')
    {#- Within +7 people dial 8 before a number of the country and 8 10 before one of another: 84951234567 is not Vietnam's. #}
    when {{ calling_code }} = '7' and {{ dialled }} like '810%' and length({{ dialled }}) > 11 then substr({{ dialled }}, 4)
    when {{ calling_code }} = '7' and {{ dialled }} like '8%' and length({{ dialled }}) = 11 then '7' || substr({{ dialled }}, 2)
    when length({{ dialled }}) = {{ codes }}.national_digits then {{ calling_code }} || {{ dialled }}
    when {{ dialled }} like '0%' and {{ calling_code }} is not null and {{ codes }}.national_digits is null
        then {{ calling_code }} || replace(substr({{ dialled }}, 2), '+', '')
    else replace({{ dialled }}, '+', '')
end)
{%- endmacro %}

{#- What two writings of one number share: the last ten digits, so that a country code or a trunk prefix more or less
    does not part them; a shorter number as it is. Takes what `phone_digits` gave. -#}
{% macro phone_key(digits) -%}
(case when length({{ digits }}) > 10 then right({{ digits }}, 10) else {{ digits }} end)
{%- endmacro %}

{#- A number that says whose it is only to somebody who knows it: its last four digits. -#}
{% macro masked_phone(digits) -%}
(case when length({{ digits }}) > 4 then '•••' || right({{ digits }}, 4) when {{ digits }} is not null then '•••' end)
{%- endmacro %}
