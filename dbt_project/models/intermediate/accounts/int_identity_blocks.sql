-- Grain: one row per block and a record in it: what records of one company are likely to share, so that only they are compared.
-- Blocks: a word of the name and its first consonants (in Latin letters, one sound spelled one way), the beginning of the
-- name with the city, the postal code, and shared addresses, domains and numbers. A block that more CRM records share than
-- link_block_most brings no candidates, which keeps the pairs in proportion to the records.
with crm_accounts as (
    select * from {{ ref('int_crm_accounts_linked') }}
),

customers as (
    select * from {{ ref('int_billing_customers_linked') }}
),

records as (
    select * from {{ ref('int_identity_records') }}
),

keys as (
    select * from {{ ref('int_identity_keys') }}
),

-- What the exact rules leave: customers without an account, and accounts of every CRM but the first.
seekers as (
    select record_id from customers where account_id is null and not is_kept_apart
    union all
    select 'a:' || survivor_id
    from crm_accounts
    where rule = 'crm_account' and system > (select min(system) from crm_accounts)
),

roles as (
    select
        records.*,
        seekers.record_id is not null as is_seeker
    from records
    left join seekers on records.record_id = seekers.record_id
    where records.kind = 'crm_account' or seekers.record_id is not null
),

words as (
    select
        roles.record_id,
        roles.kind,
        roles.is_seeker,
        split_part(roles.sound_key, ' ', places.place) as word
    from roles
    cross join (values (1), (2), (3), (4), (5)) as places (place)
    where roles.sound_key is not null
),

blocks as (
    select 'word ' || word as block, record_id, kind, is_seeker from words where length(word) >= 3
    union all
    select 'consonants ' || substr(regexp_replace(sound_key, '[aeiou ]', '', 'g'), 1, 6), record_id, kind, is_seeker
    from roles
    where length(regexp_replace(sound_key, '[aeiou ]', '', 'g')) >= 3
    union all
    select 'beginning ' || substr(replace(sound_key, ' ', ''), 1, 3) || ' ' || city_key, record_id, kind, is_seeker
    from roles
    where sound_key is not null and city_key is not null
    union all
    select 'postal code ' || postal_key, record_id, kind, is_seeker from roles where postal_key is not null
    union all
    select keys.key_kind || ' ' || keys.key_value, roles.record_id, roles.kind, roles.is_seeker
    from keys
    inner join roles on keys.record_id = roles.record_id
    where keys.key_kind in ('tax_id', 'email', 'email_domain', 'phone')
),

-- Most blocks hold nobody who is sought: they are left before anything is counted.
sought as (
    select distinct block from blocks where is_seeker
),

kept as (
    select distinct blocks.block, blocks.record_id, blocks.kind, blocks.is_seeker
    from blocks
    inner join sought on blocks.block = sought.block
),

sizes as (
    select block, count(*) filter (where kind = 'crm_account') as crm_records
    from kept
    group by block
)

select
    kept.block,
    kept.record_id,
    kept.kind,
    kept.is_seeker
from kept
inner join sizes on kept.block = sizes.block
where sizes.crm_records between 1 and {{ parameter('link_block_most') }}
