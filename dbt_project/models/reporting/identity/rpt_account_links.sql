-- Grain: one row per decision of a person in the list account_links: whether it is in force, else why it changes nothing.
with links as (
    select * from {{ ref('dim_account_links') }}
),

accounts as (
    select account_id, account_name from {{ ref('dim_accounts') }}
)

select
    links.system,
    links.kind,
    links.native_id,
    links.decision,
    links.given_account_id,
    accounts.account_name,
    links.state,
    links.reason,
    links.decided_by,
    links.decided_on,
    links._file,
    links._row
from links
left join accounts on links.account_id = accounts.account_id
