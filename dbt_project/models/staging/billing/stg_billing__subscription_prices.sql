-- Grain: one row per source system, subscription_id and version of its price: an export in which price, quantity or
-- interval differ from those of the export before. What else is known of the subscription is that of its newest
-- version, also of one that its newest full export no longer holds (vanished_on).
with newest as (
    {{ staged('billing.subscriptions', default_currency=true, keep_vanished=true) }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

keys as (
    select
        _system,
        subscription_id,
        min({{ held_digest('versions') }}) <> max({{ held_digest('versions') }}) as is_uneven
    from {{ source('raw', 'billing_subscriptions') }} as versions
    group by _system, subscription_id
),

{%- set entity = landed_entities()['billing.subscriptions'] %}
{%- set order = 'partition by _system, subscription_id order by ' ~ version_columns() | join(', ') %}
versions as (
    select
        _system,
        subscription_id,
        unit_price,
        quantity,
        interval_unit,
        interval_count,
        _known_at,
        row_number() over ({{ order }}) as version_number,
        {%- for column in ['unit_price', 'quantity', 'interval_unit', 'interval_count'] %}
        lag({{ column }}) over ({{ order }}) as earlier_{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        -- Those with the same columns are taken as they are.
        select {{ version_row(entity, 'versions') }}, cast(null as {{ kept_type() }}) as _kept
        from {{ source('raw', 'billing_subscriptions') }} as versions
        semi join (select * from keys where not is_uneven) as even_keys
            on versions._system is not distinct from even_keys._system
            and versions.subscription_id is not distinct from even_keys.subscription_id
        union all
        {{ filled_versions(source('raw', 'billing_subscriptions'), '(select * from keys where is_uneven)', entity) }}
    ) as landed
)

select
    newest.subscription_id,
    newest.customer_id,
    newest.product_id,
    newest.currency,
    versions.unit_price,
    versions.quantity,
    versions.interval_unit,
    versions.interval_count,
    newest.started_on,
    newest.ended_on,
    newest.vanished_on,
    versions._known_at as priced_at,
    versions.version_number,
    newest._system,
    newest._source,
    newest._file,
    newest._file_sha256,
    newest._row,
    newest._loaded_at,
    newest._known_at,
    newest._kept
from versions
inner join newest
    on versions._system = newest._system and versions.subscription_id = newest.subscription_id
cross join run
where versions.version_number = 1
    or (
        {{ business_date('versions._known_at', 'run.business_timezone') }} <= run.as_of_date
        and (
            {%- for column in ['unit_price', 'quantity', 'interval_unit', 'interval_count'] %}
            {{ 'or ' if not loop.first }}versions.{{ column }} is distinct from versions.earlier_{{ column }}
            {%- endfor %}
        )
    )
