-- Grain: one row a client's number (digits) in the calls, with the account it belongs to and the rule that says so:
-- exact_number, else last_10_digits; ambiguous when several accounts have the number, unmatched when none has (K16).
with conversations as (
    select * from {{ ref('int_conversations_folded') }}
),

phones as (
    select * from {{ ref('int_account_phones') }}
),

numbers as (
    select distinct
        client_digits,
        client_key
    from conversations
    where client_digits is not null
),

exact as (
    select
        digits,
        min(account_id) as account_id,
        count(distinct account_id) as accounts
    from phones
    group by digits
),

endings as (
    select
        number_key,
        min(account_id) as account_id,
        count(distinct account_id) as accounts
    from phones
    group by number_key
),

ruled as (
    select
        numbers.client_digits,
        exact.account_id as exact_account_id,
        endings.account_id as ending_account_id,
        case
            when exact.accounts > 1 then 'ambiguous'
            when exact.accounts = 1 then 'exact_number'
            when endings.accounts > 1 then 'ambiguous'
            when endings.accounts = 1 then 'last_10_digits'
            else 'unmatched'
        end as account_rule
    from numbers
    left join exact on numbers.client_digits = exact.digits
    left join endings on numbers.client_key = endings.number_key
)

select
    client_digits,
    case account_rule
        when 'exact_number' then exact_account_id
        when 'last_10_digits' then ending_account_id
    end as account_id,
    account_rule
from ruled
