-- Grain: one row a decision of a person in the list account_links: whether it is in force, else why it changes nothing.
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
    case links.state
        when 'in_force' then 'In force.'
        when 'unknown_kind' then 'Says no kind of record that is known: crm_account, billing_customer or phone.'
        when 'unknown_decision' then 'Says neither link nor never_link.'
        when 'no_such_record' then 'No export has this record. It takes effect when one does.'
        when 'no_account_given' then 'Says to link, but not to which account.'
        when 'no_such_account' then 'No export has this account. Write its id as the reports show it: system, colon, id.'
        when 'not_a_crm_account' then 'A CRM account can be put on an account of a CRM only.'
        when 'same_account' then 'The CRM itself has merged them: the row can go.'
        when 'names_a_linked_customer'
            then 'The account named is a customer that another row puts on a third: name that one.'
        when 'contradicted' then 'Another row says otherwise of the same record: keep one of them.'
    end as finding,
    links.reason,
    links.decided_by,
    links.decided_on
from links
left join accounts on links.account_id = accounts.account_id
