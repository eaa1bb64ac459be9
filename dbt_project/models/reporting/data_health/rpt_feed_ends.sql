-- Grain: one row per feed that periods are made of (fct_feed_ends): the day up to which it tells everything.
select
    feed,
    told_since,
    complete_until
from {{ ref('fct_feed_ends') }}
