-- Grain: one row per source system, kind (crm_account, billing_customer) and native id: what a record says of its company,
-- made comparable. A record that a merge absorbed stands too, on the account that survived: its old name still leads there.
{# Umlauts as they are written where the letters are missing: `Müller` is `mueller`, `Weiß` is `weiss`. `Bauer` is no `Baur`. #}
{% set spelled = namespace(name='lower(records.name)') %}
{% for letter, letters in [('ä', 'ae'), ('æ', 'ae'), ('ö', 'oe'), ('ø', 'oe'), ('ü', 'ue'), ('å', 'aa'), ('ß', 'ss')] %}
{% set spelled.name = "replace(" ~ spelled.name ~ ", '" ~ letter ~ "', '" ~ letters ~ "')" %}
{% endfor %}
{# In Latin letters what joins words is left out, and saints are short. #}
{% set joined = 'regexp_replace(' ~ latin(unaddressed('records.name')) ~ ', ' ~ joining_words() ~ ", ' ', 'g')" %}
{% set shortened = "regexp_replace(" ~ joined ~ ", '(^| )(saint|sainte|sankt|sint|ste) ', '\\1st ')" %}
with accounts as (
    select * from {{ ref('stg_crm__accounts') }}
),

merged as (
    select * from {{ ref('int_crm_accounts_merged') }}
),

customers as (
    select * from {{ ref('int_billing_customers_named') }}
),

records as (
    select
        'a:' || {{ global_id('merged.system', 'merged.native_id') }} as record_id,
        merged.system,
        'crm_account' as kind,
        merged.native_id,
        {{ global_id('merged.system', 'merged.surviving_id') }} as account_id,
        cast(null as varchar) as given_account_id,
        accounts.name,
        accounts.tax_id,
        accounts.email,
        accounts.website,
        accounts.city,
        accounts.postal_code,
        accounts.country
    from accounts
    inner join merged on accounts._system = merged.system and accounts.account_id = merged.native_id

    union all

    select
        'c:' || {{ global_id('system', 'native_id') }},
        system,
        'billing_customer',
        native_id,
        {{ global_id('system', 'native_id') }},
        given_account_id,
        customer_name,
        tax_id,
        email,
        cast(null as varchar),
        city,
        postal_code,
        country
    from customers
    where native_id <> '' and named_id is null
),

countries as (
    select country, {{ country_code('country') }} as country_code
    from (select distinct country from records where country is not null) as named
),

cities as (
    select city, {{ same_sound(latin('city')) }} as city_key
    from (select distinct city from records where city is not null) as named
),

normalised as (
    select
        records.*,
        countries.country_code,
        cities.city_key,
        {{ normalised_name('records.name') }} as name_key,
        {{ normalised_name(spelled.name) }} as spelled_name_key,
        {{ last_letters_together(shortened) }} as latin_name,
        {{ normalised_tax_id('records.tax_id') }} as tax_key,
        {{ normalised_email('records.email') }} as email_key,
        {{ website_domain('records.website') }} as website_domain,
        nullif(replace(upper(records.postal_code), ' ', ''), '') as postal_key
    from records
    left join countries on records.country = countries.country
    left join cities on records.city = cities.city
),

named as (
    select
        *,
        {{ name_without_legal_form('name_key') }} as core_name_key,
        {{ name_without_legal_form('spelled_name_key') }} as spelled_core_name_key,
        {{ name_without_legal_form('latin_name') }} as latin_core_name
    from normalised
)

select
    record_id,
    system,
    kind,
    native_id,
    account_id,
    given_account_id,
    name,
    name_key,
    core_name_key,
    spelled_name_key,
    spelled_core_name_key,
    latin_core_name,
    {{ same_sound('latin_core_name') }} as sound_key,
    name_key = core_name_key as is_bare_name,
    tax_id,
    tax_key,
    email_key,
    website_domain,
    city,
    city_key,
    postal_code,
    postal_key,
    country_code
from named
