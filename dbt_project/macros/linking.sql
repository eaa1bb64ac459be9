{#- Parts of the models that say which account a record is (docs/identity.md). -#}

{% macro blank_to_null(column) -%}
nullif(trim({{ column }}), '')
{%- endmacro %}

{#- Of the keys by which records reach accounts (relation `hits`: subject, record_id, account_id, rule, key_value) those that
    hold: a strong rule's always; another's only where no tax number and no country says otherwise, where an address, a
    domain or a number comes with names that are alike, and where all of a record's weak keys lead to one account. CTEs, the last of
    which is `ruled`: one row a subject, the surest rule that holds. `records` and `rules` must stand before. -#}
{% macro ruled_hits(hits) -%}
strong_hits as (
    select {{ hits }}.subject, min(rules.precedence) as precedence
    from {{ hits }}
    inner join rules on {{ hits }}.rule = rules.rule
    where rules.is_strong
    group by {{ hits }}.subject
),

compared_hits as (
    select
        {{ hits }}.subject,
        {{ hits }}.record_id,
        {{ hits }}.account_id,
        {{ hits }}.rule,
        {{ hits }}.key_value,
        -- What speaks against the pair is the account's own number and country, not those of a record that it absorbed.
        bool_or(targets.record_id = 'a:' || targets.account_id
            and {{ tax_ids_differ('seekers.tax_key', 'targets.tax_key') }}) as is_tax_conflict,
        coalesce(bool_or(targets.record_id = 'a:' || targets.account_id
            and seekers.country_code <> targets.country_code), false) as is_country_conflict,
        max(case
            when {{ hits }}.rule not in ('email', 'email_domain', 'phone') then 1
            when seekers.sound_key = targets.sound_key then 1
            when seekers.sound_key is null or targets.sound_key is null then 0
            else {{ name_similarity('seekers.sound_key', 'targets.sound_key') }}
        end) as likeness
    from {{ hits }}
    inner join rules on {{ hits }}.rule = rules.rule
    inner join records as seekers on {{ hits }}.record_id = seekers.record_id
    inner join records as targets on {{ hits }}.account_id = targets.account_id and targets.kind = 'crm_account'
    where not rules.is_strong
        and not exists (select 1 from strong_hits where strong_hits.subject = {{ hits }}.subject)
    group by all
),

holding_hits as (
    select subject, record_id, account_id, rule, key_value
    from compared_hits
    where not is_tax_conflict
        and (not is_country_conflict or rule = 'email')
        and likeness >= {{ parameter('link_name_support') }}
    qualify min(account_id) over (partition by subject) = max(account_id) over (partition by subject)

    union all

    select {{ hits }}.subject, {{ hits }}.record_id, {{ hits }}.account_id, {{ hits }}.rule, {{ hits }}.key_value
    from {{ hits }}
    inner join rules on {{ hits }}.rule = rules.rule
    inner join strong_hits on {{ hits }}.subject = strong_hits.subject and rules.precedence = strong_hits.precedence
),

ruled as (
    select holding_hits.*
    from holding_hits
    inner join rules on holding_hits.rule = rules.rule
    qualify row_number() over (
        partition by holding_hits.subject order by rules.precedence, holding_hits.key_value
    ) = 1
)
{%- endmacro %}

{#- A line of seeds/account_links.csv for a proposal; a quote in an id would break it, so that it is doubled and quoted. -#}
{% macro seed_line(decision) -%}
coalesce(proposals.system, '') || ',' || proposals.kind || ','
|| case when proposals.kind = 'phone' then '+' else '' end
|| case
    when proposals.native_id like '%,%' or proposals.native_id like '%"%'
        then '"' || replace(proposals.native_id, '"', '""') || '"'
    else proposals.native_id
end
|| ',{{ decision }},'
|| case
    when proposals.account_id like '%,%' or proposals.account_id like '%"%'
        then '"' || replace(proposals.account_id, '"', '""') || '"'
    else proposals.account_id
end
|| ',,,'
{%- endmacro %}
