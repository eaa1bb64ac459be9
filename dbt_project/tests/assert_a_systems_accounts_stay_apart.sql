-- Counts within a source stand: two accounts of one CRM are one only by its master record or a person's decision, and
-- whatever is linked leads to an account that is there.
with identities as (
    select * from {{ ref('int_account_identities') }}
)

select
    system,
    account_id,
    count(*) as records
from identities
where kind = 'crm_account' and rule not in ('merged', 'decision')
group by system, account_id
having count(*) > 1

union all

select
    links.system,
    links.account_id,
    count(*)
from identities as links
where links.rule not in ('no_customer_given', 'own_account')
    and not exists (
        select 1 from identities as targets
        where links.account_id = {{ global_id('targets.system', 'targets.native_id') }}
    )
group by links.system, links.account_id
