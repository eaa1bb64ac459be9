-- Ageing buckets sum to what is open, all but the first to what is overdue, and net = open - credit - unapplied.
select *
from {{ ref('fct_receivable_balances') }}
where {% for bucket in aging_buckets() %}{{ bucket[0] }} {% if not loop.last %}+ {% endif %}{% endfor %}<> open_amount
    or not_due + overdue_amount <> open_amount
    or net_amount <> open_amount - credit_amount - unapplied_amount
    or disputed_amount > open_amount
    or {{ least_known(aging_buckets() | map(attribute=0) | join(', '), 'credit_amount', 'disputed_amount') }} < 0
