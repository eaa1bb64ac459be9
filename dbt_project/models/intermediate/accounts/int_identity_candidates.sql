-- Grain: one row per record that the exact rules leave and a CRM record that shares a block with it, with how each comparison
-- came out and the score: the probability that they are one company, 2^w ÷ (1 + 2^w) of the weights' sum w (link_weights).
-- Levels: docs/identity.md.
with blocks as (
    select * from {{ ref('int_identity_blocks') }}
),

records as (
    select * from {{ ref('int_identity_records') }}
),

keys as (
    select * from {{ ref('int_identity_keys') }}
),

phones as (
    select * from {{ ref('int_record_phones') }}
),

crm_accounts as (
    select * from {{ ref('int_crm_accounts_linked') }}
),

decisions as (
    select * from {{ ref('int_account_decisions') }} where state = 'in_force' and decision = 'never_link'
),

weights as (
    select * from {{ ref('link_weights') }}
),

paired as (
    select distinct
        seekers.record_id,
        targets.record_id as target_record_id
    from blocks as seekers
    inner join blocks as targets on seekers.block = targets.block and targets.kind = 'crm_account'
    where seekers.is_seeker and seekers.record_id <> targets.record_id
),

accounts as (
    select 'a:' || {{ global_id('system', 'native_id') }} as record_id, account_id from crm_accounts
),

-- Accounts of one CRM are compared with those of earlier CRMs only: a system's own merges are its own.
pairs as (
    select
        paired.record_id,
        paired.target_record_id,
        accounts.account_id,
        seekers.kind,
        seekers.sound_key,
        seekers.latin_core_name,
        seekers.tax_key,
        seekers.country_code,
        seekers.city_key,
        seekers.postal_key,
        targets.name as target_name,
        targets.sound_key as target_sound_key,
        targets.latin_core_name as target_latin_core_name,
        targets.tax_key as target_tax_key,
        targets.country_code as target_country_code,
        targets.city_key as target_city_key,
        targets.postal_key as target_postal_key
    from paired
    inner join records as seekers on paired.record_id = seekers.record_id
    inner join records as targets on paired.target_record_id = targets.record_id
    inner join accounts on paired.target_record_id = accounts.record_id
    where (seekers.kind = 'billing_customer' or seekers.system > targets.system)
        and not exists (
            select 1 from decisions
            where decisions.record_id = paired.record_id
                and coalesce(decisions.account_id, accounts.account_id) in (accounts.account_id, targets.account_id)
        )
),

all_keys as (
    select record_id, key_kind, key_value from keys where key_kind in ('email', 'email_domain', 'phone')
    union all
    select record_id, 'phone', digits from phones where number_rule = 'digits'
),

compared as (
    select record_id, true as is_seeker from pairs
    union
    select target_record_id, false from pairs
),

found_keys as (
    select distinct all_keys.record_id, all_keys.key_kind, all_keys.key_value
    from all_keys
    inner join (select distinct record_id from compared) as each_once on all_keys.record_id = each_once.record_id
),

sought_keys as (
    select distinct found_keys.key_kind, found_keys.key_value
    from found_keys
    inner join compared on found_keys.record_id = compared.record_id and compared.is_seeker
),

key_accounts as (
    select
        all_keys.key_kind,
        all_keys.key_value,
        count(distinct accounts.account_id) as accounts
    from all_keys
    inner join sought_keys on all_keys.key_kind = sought_keys.key_kind and all_keys.key_value = sought_keys.key_value
    inner join accounts on all_keys.record_id = accounts.record_id
    group by all_keys.key_kind, all_keys.key_value
),

key_kinds as (
    select record_id, key_kind from found_keys group by record_id, key_kind
),

shared as (
    select
        pairs.record_id,
        pairs.target_record_id,
        ours.key_kind,
        min(key_accounts.accounts) as accounts,
        min(ours.key_value) as key_value
    from pairs
    inner join found_keys as ours on pairs.record_id = ours.record_id
    inner join found_keys as theirs
        on pairs.target_record_id = theirs.record_id
        and ours.key_kind = theirs.key_kind and ours.key_value = theirs.key_value
    inner join key_accounts on ours.key_kind = key_accounts.key_kind and ours.key_value = key_accounts.key_value
    group by pairs.record_id, pairs.target_record_id, ours.key_kind
),

measured as (
    select
        pairs.*,
        case
            when pairs.sound_key is null or pairs.target_sound_key is null then null
            when pairs.sound_key = pairs.target_sound_key then 1
            else {{ name_similarity('pairs.sound_key', 'pairs.target_sound_key') }}
        end as likeness,
        emails.key_value as email,
        domains.key_value as domain,
        domains.accounts as domain_accounts,
        phones.key_value as phone,
        phones.accounts as phone_accounts,
        our_domains.record_id is not null and their_domains.record_id is not null as has_domains,
        our_phones.record_id is not null and their_phones.record_id is not null as has_phones
    from pairs
    {%- for kind, relation in [('email', 'emails'), ('email_domain', 'domains'), ('phone', 'phones')] %}
    left join shared as {{ relation }}
        on pairs.record_id = {{ relation }}.record_id and pairs.target_record_id = {{ relation }}.target_record_id
        and {{ relation }}.key_kind = '{{ kind }}'
    {%- endfor %}
    {%- for kind, relation in [('email_domain', 'domains'), ('phone', 'phones')] %}
    left join key_kinds as our_{{ relation }}
        on pairs.record_id = our_{{ relation }}.record_id and our_{{ relation }}.key_kind = '{{ kind }}'
    left join key_kinds as their_{{ relation }}
        on pairs.target_record_id = their_{{ relation }}.record_id and their_{{ relation }}.key_kind = '{{ kind }}'
    {%- endfor %}
),

levelled as (
    select
        *,
        -- `Groupe Arpège, Jean Petit` and `Groupe Arpège`: a branch, a person, or another company of two words alike.
        coalesce(
            (latin_core_name like '% %' and starts_with(target_latin_core_name, latin_core_name || ' '))
            or (target_latin_core_name like '% %' and starts_with(latin_core_name, target_latin_core_name || ' ')),
            false
        ) as is_name_begun,
        'candidate' as prior_level,
        case
            when likeness is null then 'unknown'
            when latin_core_name = target_latin_core_name then 'same'
            when likeness = 1 then 'same_sound'
            when likeness >= 0.88 then 'near'
            when likeness >= 0.8 then 'close'
            when likeness >= 0.6 then 'part'
            else 'different'
        end as name_level,
        case
            when postal_key = target_postal_key then 'same_postal_code'
            when city_key = target_city_key and postal_key is not null and target_postal_key is not null
                then 'other_postal_code'
            when city_key = target_city_key then 'same_city'
            when city_key is not null and target_city_key is not null then 'different'
            else 'unknown'
        end as place_level,
        case when email is not null then 'same' else 'unknown' end as email_level,
        case
            when domain is not null then case when domain_accounts > 1 then 'shared' else 'same' end
            when has_domains then 'different'
            else 'unknown'
        end as domain_level,
        case
            when phone is not null then case when phone_accounts > 1 then 'shared' else 'same' end
            when has_phones then 'different'
            else 'unknown'
        end as phone_level,
        case
            when tax_key is null or target_tax_key is null then 'unknown'
            when {{ tax_ids_differ('tax_key', 'target_tax_key') }} then 'different'
            else 'same'
        end as tax_level,
        case
            when country_code is null or target_country_code is null then 'unknown'
            when country_code = target_country_code then 'same'
            else 'different'
        end as country_level
    from measured
),
{% set comparisons = ['prior', 'name', 'place', 'email', 'domain', 'phone', 'tax', 'country'] %}
weighed as (
    select
        levelled.*,
        {% for comparison in comparisons -%}
        {{ '+ ' if not loop.first }}{{ comparison }}_weights.weight
        {% endfor %} as weight
    from levelled
    {%- for comparison in comparisons %}
    inner join weights as {{ comparison }}_weights
        on {{ comparison }}_weights.comparison = '{{ comparison }}'
        and levelled.{{ comparison }}_level = {{ comparison }}_weights.level
    {%- endfor %}
)

select
    record_id,
    target_record_id,
    account_id,
    kind,
    target_name,
    name_level,
    place_level,
    email_level,
    domain_level,
    phone_level,
    tax_level,
    country_level,
    cast(likeness as decimal(5, 4)) as likeness,
    cast(weight as decimal(8, 2)) as weight,
    -- Beyond 60 the odds leave no digit of the probability to change.
    cast(
        power(2, cast({{ greatest_known(least_known('weight', '60'), '-60') }} as double))
        / (1 + power(2, cast({{ greatest_known(least_known('weight', '60'), '-60') }} as double)))
        as decimal(5, 4)
    ) as score,
    email as matched_email,
    domain as matched_domain,
    phone as matched_phone,
    is_name_begun,
    concat_ws(
        ',',
        case
            when name_level = 'unknown' then 'name_unknown'
            when name_level = 'same' then 'name_same'
            when name_level = 'same_sound' then 'name_sounds_same'
            when is_name_begun then 'name_begun'
            else 'name_alike'
        end,
        case when tax_level = 'same' then 'tax_id_same' when tax_level = 'different' then 'tax_id_other' end,
        case when email is not null then 'email_same' end,
        case when domain is null then null when domain_level = 'shared' then 'domain_shared' else 'domain_same' end,
        case when phone is null then null when phone_level = 'shared' then 'phone_shared' else 'phone_same' end,
        case place_level
            when 'same_postal_code' then 'postal_code_same'
            when 'same_city' then 'city_same'
            when 'other_postal_code' then 'city_same'
            when 'different' then 'city_other'
        end,
        case when country_level = 'different' then 'country_other' end
    ) as evidence
from weighed
