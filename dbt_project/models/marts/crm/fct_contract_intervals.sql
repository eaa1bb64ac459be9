-- Grain: one row a contract or addendum and the stretch of days (valid_from ≤ D < valid_to, NULL while it lasts) in which it is
-- in force: from its first day, or from its signature where that is later, until after its last day; one without a last day
-- until the account's next one of its kind begins. One that nobody signed is never in force; where the system tells of no
-- signature at all, each counts as signed.
with documents as (
    select *
    from {{ ref('fct_documents') }}
    where document_type in ('contract', 'addendum') and account_id is not null and coalesce(is_signed, true)
),

begun as (
    select
        *,
        case
            when signed_on > coalesce(starts_on, signed_on) then signed_on
            else coalesce(starts_on, signed_on, sent_on)
        end as valid_from
    from documents
),

-- Contracts that begin on one day stand beside each other: none of them is the other's next.
nexts as (
    select
        account_id,
        document_type,
        valid_from,
        lead(valid_from) over (partition by account_id, document_type order by valid_from) as next_from
    from (select distinct account_id, document_type, valid_from from begun)
)

select
    begun.document_id,
    begun.account_id,
    begun.document_type,
    begun.document_number,
    begun.starts_on,
    begun.ends_on,
    begun.valid_from,
    coalesce({{ plus_days('begun.ends_on', 1) }}, nexts.next_from) as valid_to
from begun
inner join nexts
    on begun.account_id = nexts.account_id
    and begun.document_type = nexts.document_type
    and begun.valid_from = nexts.valid_from
where coalesce(begun.ends_on >= begun.valid_from, true)
