-- Grain: one row per account: what its card lacks (P16) and how soon the CRM hears what happens with it (P17). A field is
-- required when a row of seed card_fields for every tier, for the account's own tier, or for key accounts says so; of nobody none is.
with run as (
    select * from {{ ref('int_run_dated') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

classes as (
    select * from {{ ref('dim_account_classes') }}
),

documents as (
    select * from {{ ref('fct_account_documents') }}
),

people as (
    select
        account_id,
        count(*) as contacts,
        count(*) filter (where is_decision_maker) as decision_makers,
        count(*) filter (where has_phone) as phones,
        count(*) filter (where has_email) as emails,
        count(birth_date) as birthdays
    from {{ ref('dim_account_people') }}
    group by account_id
),

{#- The fields of the account card and what fills them; which of them are required is seeds/card_fields.csv. -#}
{%- set card = {
    'account_name': 'accounts.account_name is not null',
    'owner_id': 'accounts.owner_id is not null',
    'phone': 'accounts.phone is not null or people.phones > 0',
    'email': 'accounts.email is not null or people.emails > 0',
    'contact': 'people.contacts > 0',
    'tax_id': 'accounts.tax_id is not null',
    'country': 'accounts.country is not null',
    'industry': 'coalesce(accounts.industry, accounts.segment) is not null',
    'payment_terms_days': 'accounts.payment_terms_days is not null',
    'website': 'accounts.website is not null',
    'city': 'accounts.city is not null',
    'credit_limit': 'accounts.credit_limit is not null',
    'decision_maker': 'people.decision_makers > 0',
    'birthday': 'people.birthdays > 0',
    'contract': "documents.contract_state = 'in_force'",
} %}
required as (
    select
        profiles.tier,
        profiles.is_key_account,
        {%- for field in card %}
        max(case when card_fields.field = '{{ field }}' then 1 else 0 end) as {{ field }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select distinct coalesce(tier, '') as tier, coalesce(is_key_account, false) as is_key_account from classes
        union
        select '', false
    ) as profiles
    left join {{ ref('card_fields') }} as card_fields
        on card_fields.is_required
        and (
            coalesce(card_fields.tier, '') = ''
            or card_fields.tier = profiles.tier
            or (card_fields.tier = 'key' and profiles.is_key_account)
        )
    group by profiles.tier, profiles.is_key_account
),

filled as (
    select
        accounts.account_id,
        accounts.is_named,
        coalesce(classes.tier, '') as tier,
        coalesce(classes.is_key_account, false) as is_key_account,
        {%- for field, is_filled in card.items() %}
        case when {{ is_filled }} then 1 else 0 end as {{ field }}{{ ',' if not loop.last }}
        {%- endfor %}
    from accounts
    left join classes on accounts.account_id = classes.account_id
    left join people on accounts.account_id = people.account_id
    left join documents on accounts.account_id = documents.account_id
),

entries as (
    select
        entries.account_id,
        median(entries.lag_days) as card_lag_days,
        count(*) as card_entries,
        count(entries.lag_days) as timed_entries,
        count(*) filter (where entries.is_on_time) as on_time_entries
    from {{ ref('fct_card_entries') }} as entries
    inner join run on entries.event_on > {{ plus_months('run.as_of_date', '-12') }}
    where entries.account_id is not null
    group by entries.account_id
)

select
    filled.account_id,
    {% for field in card %}required.{{ field }}{{ ' + ' if not loop.last }}{% endfor %} as required_fields,
    {% for field in card %}required.{{ field }} * filled.{{ field }}{{ ' + ' if not loop.last }}{% endfor %}
        as required_fields_filled,
    nullif(concat_ws(
        ','
        {%- for field, is_filled in card.items() %},
        case when required.{{ field }} = 1 and filled.{{ field }} = 0 then '{{ field }}' end
        {%- endfor %}
    ), '') as missing_fields,
    cast(entries.card_lag_days as decimal(18, 4)) as card_lag_days,
    coalesce(entries.card_entries, 0) as card_entries,
    coalesce(entries.timed_entries, 0) as timed_entries,
    {{ ratio('entries.on_time_entries', 'entries.timed_entries') }} as card_on_time_ratio
from filled
left join required
    on filled.tier = required.tier and filled.is_key_account = required.is_key_account and filled.is_named
left join entries on filled.account_id = entries.account_id
