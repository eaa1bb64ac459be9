-- Grain: one row per client or person who was told of a campaign, invited, or joined a programme (A21, A28, C24, C29, C32).
with members as (
    select * from {{ ref('stg_crm__campaign_members') }}
),

account_references as (
    select * from {{ ref('int_account_references') }}
),

contact_references as (
    select * from {{ ref('int_contact_references') }}
)

select
    {{ global_id('members._system', 'members.member_id') }} as member_id,
    coalesce({{ global_id('members._system', 'members.campaign_id') }}, 'not_known') as campaign_id,
    coalesce(account_references.account_id, contact_references.account_id) as account_id,
    contact_references.contact_id,
    members._system as system,
    {{ unresolved_ids([
        ('account', 'members.account_id', 'account_references.account_id'),
        ('contact', 'members.contact_id', 'contact_references.contact_id'),
    ]) }} as unresolved_ids,
    coalesce(members.kind, 'not_known') as kind,
    coalesce(lower(trim(members.channel)), 'not_known') as channel,
    members.invited_on,
    members.opened_on,
    members.responded_on,
    members.attended_on,
    members.left_on,
    {{ provenance('members') }}
from members
left join account_references
    on members._system = account_references.system and members.account_id = account_references.reference
left join contact_references
    on members._system = contact_references.system and members.contact_id = contact_references.reference
