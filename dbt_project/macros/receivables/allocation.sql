{#- How a customer's money is taken to have paid, where the export does not say: a walk over what happened, in order.

    What is owed (`debts`, the oldest due first) and what can pay (`money`, in the order in which it came) are two rulers
    that begin at nought, each piece from `since` up to `upto`. After every step the two are laid side by side, and as far
    as both reach, money pays: so one of them is always empty afterwards, an invoice never takes money that was spent before
    it came, and what is not spent waits. `moves` remembers what paid what; a move that takes back names the one that it takes back (`back_of`,
    its place). Amounts are ten-thousandths, and so exact. DuckDB's list_reduce carries the state from step to step (Spark: aggregate).

    A step is a struct with the state's type; its kind is one of
      owe         something is owed: an invoice, or what of it its balance does not leave open
      owe_again   a debt was reversed, or its credit note is void
      come        money: a payment or credit note
      lose        it is owed no longer: credited or void; what was taken to have paid it is free again
      write_off   it is given up: only money that nothing else needs goes there (a recovery). Who gives up a debt knows that it
                  was open: what was taken to have paid it is free again
      end         its document says that it was settled: what no money has paid was paid by money that no export holds
      leave       its balance leaves so much, that no money is asked for
      give_up     of what its balance leaves so much was written off before it was told, or will be
      consume     a credit note says that it is used up, no export says on what
      refund      money went back: of the payment or invoice that is named, of what was unspent before what was spent
      chargeback  money was taken back: what it paid before what was unspent
      paid_out    a payment with a minus, which names nothing

    What is open of a document is never less than nothing. `aside` holds of each that is credited or given up what no money is
    asked for: `kept` open by its balance, which is credited and given up before money is free again; what was credited `beyond` all
    of it, which what is owed again fills first; all that was ever `lost` by writing it off: what of that was recovered is lost
    again before anything is owed again; and what of a balance was `given` up, which a credit note is for before money is free. -#}

{#- A debt's rank holds its places by the day on which it was settled, if it was, and by due date: what is settled comes first,
    then what is owed, then what was written off. A debt that is owed again is owed as any other, right after what was always
    owed of it: places are even, and those of what is owed again odd. -#}
{% macro owed_rank() %}{{ return(100000000000000000) }}{% endmacro %}
{% macro written_off_rank() %}{{ return(1000000000000000000) }}{% endmacro %}
{% macro due_place(rank) -%} ({{ rank }} % 1000000000) {%- endmacro %}
{% macro owed_again_rank(rank) -%} ({{ owed_rank() }} + {{ due_place(rank) }} + 1 - {{ rank }} % 2) {%- endmacro %}

{#- Whether a document's reported balance is the one before it was written off: it is too high to be what the write-off left, or
    just what was written off, as programs write off all that is open. -#}
{% macro is_balance_given_up(document, written_off) -%}
coalesce(
            {{ document }}.settled_on is null
            and (
                ({{ greatest_or_unknown(document ~ '.reported_balance', 0) }}) + {{ written_off }} > {{ document }}.gross_amount
                or {{ document }}.reported_balance = {{ written_off }}
            ),
            false
        )
{%- endmacro %}

{#- A step before anything happened, with its own kind, debt, origin, rank, amount, day and cause. -#}
{% macro allocation_step(kind, debt, origin, rank, amount, day, cause) -%}
struct_pack(
        kind := cast({{ kind }} as varchar),
        debt := cast({{ debt }} as varchar),
        origin := cast({{ origin }} as varchar),
        rank := cast({{ rank }} as bigint),
        amount := cast({{ amount }} as bigint),
        day := cast({{ day }} as date),
        cause := cast({{ cause }} as varchar),
        debts := cast([] as struct(rank bigint, debt varchar, since bigint, upto bigint)[]),
        money := cast([] as struct(origin varchar, since bigint, upto bigint)[]),
        moves := cast([] as struct(
            origin varchar, debt varchar, rank bigint, amount bigint, back_of bigint, day date, settled date, cause varchar
        )[]),
        aside := cast([] as struct(debt varchar, kept bigint, beyond bigint, lost bigint, given bigint)[])
    )
{%- endmacro %}

{#- The state after all steps of a list. -#}
{% macro allocation_walk(steps) -%}
list_reduce(
        {{ steps }},
        lambda s, e: {{ allocation_matched(
            'case when e.kind = \'owe\' then ' ~ allocation_owed()
            ~ ' when e.kind = \'come\' then ' ~ allocation_came()
            ~ ' else ' ~ allocation_taken() ~ ' end'
        ) }},
        {{ allocation_step('null', 'null', 'null', 'null', 'null', 'null', 'null') }}
    )
{%- endmacro %}

{#- Both rulers, side by side: as far as both reach, money pays. -#}
{% macro allocation_matched(state) -%}
list_transform([{{ state }}], lambda t: list_transform(
            [least(coalesce(t.debts[-1].upto, 0), coalesce(t.money[-1].upto, 0))],
            lambda x: struct_pack(
                kind := e.kind, debt := e.debt, origin := e.origin, rank := e.rank, amount := e.amount, day := e.day,
                cause := e.cause,
                debts := [
                    struct_pack(rank := d.rank, debt := d.debt, since := greatest(d.since - x, 0), upto := d.upto - x)
                    for d in t.debts if d.upto > x
                ],
                money := [
                    struct_pack(origin := m.origin, since := greatest(m.since - x, 0), upto := m.upto - x)
                    for m in t.money if m.upto > x
                ],
                moves := list_concat(s.moves, t.moves, flatten(list_transform(
                    [m for m in t.money if m.since < x],
                    lambda m: [
                        struct_pack(
                            origin := m.origin,
                            debt := d.debt,
                            rank := d.rank,
                            amount := least(m.upto, d.upto, x) - greatest(m.since, d.since),
                            back_of := cast(null as bigint),
                            day := e.day,
                            settled := e.day,
                            cause := cast(null as varchar)
                        )
                        for d in t.debts if d.since < x and least(m.upto, d.upto, x) > greatest(m.since, d.since)
                    ]
                ))),
                aside := t.aside
            )
        )[1])[1]
{%- endmacro %}

{#- A debt takes its place among those that are due before it and those after. -#}
{% macro allocation_owed() -%}
struct_pack(
                debts := list_concat(
                    [d for d in s.debts if d.rank <= e.rank],
                    list_transform(
                        [coalesce(list_max([d.upto for d in s.debts if d.rank <= e.rank]), 0)],
                        lambda p: struct_pack(rank := e.rank, debt := e.debt, since := p, upto := p + e.amount)
                    ),
                    [
                        struct_pack(
                            rank := d.rank, debt := d.debt, since := d.since + e.amount, upto := d.upto + e.amount
                        )
                        for d in s.debts if d.rank > e.rank
                    ]
                ),
                money := s.money,
                moves := e.moves,
                aside := s.aside
            )
{%- endmacro %}

{#- Money comes after all that came before. -#}
{% macro allocation_came() -%}
struct_pack(
                debts := s.debts,
                money := list_append(s.money, struct_pack(
                    origin := e.origin,
                    since := coalesce(s.money[-1].upto, 0),
                    upto := coalesce(s.money[-1].upto, 0) + e.amount
                )),
                moves := e.moves,
                aside := s.aside
            )
{%- endmacro %}

{#- The pieces of a ruler, made of their lengths. -#}
{% macro allocation_ruler(pieces, fields) -%}
list_transform([{{ pieces }}], lambda pieces: list_transform(pieces, lambda piece, i: struct_pack(
                {%- for field in fields %}
                {{ field }} := piece.{{ field }},
                {%- endfor %}
                since := cast(coalesce(list_sum([q.size for q in pieces[:i - 1]]), 0) as bigint),
                upto := cast(coalesce(list_sum([q.size for q in pieces[:i]]), 0) as bigint)
            )))[1]
{%- endmacro %}

{#- A sum of amounts of a list, nought of none. -#}
{% macro allocation_sum(amounts) -%} cast(coalesce(list_sum({{ amounts }}), 0) as bigint) {%- endmacro %}

{#- What is owed again, in pieces: of each what fills what was credited beyond its document, what is lost again, what is owed. -#}
{% macro allocation_backs() -%}
list_transform(case
                when e.kind = 'owe_again' then [struct_pack(
                    debt := e.debt, rank := e.rank, size := e.amount, since := cast(0 as bigint)
                )]
                else [
                    struct_pack(
                        debt := s.moves[p.slot].debt,
                        rank := {{ owed_again_rank('s.moves[p.slot].rank') }},
                        size := p.size,
                        since := {{ allocation_sum(
                            "[q.size for q in picks[:i - 1] if q.what = 'move' and s.moves[q.slot].debt = s.moves[p.slot].debt]"
                        ) }}
                    )
                    for p, i in picks if p.what = 'move' and e.kind not in ('lose', 'write_off')
                ]
            end, lambda b: list_transform([struct_pack(
                beyond := {{ allocation_sum('[a.beyond for a in s.aside if a.debt = b.debt]') }},
                recovered := {{ allocation_sum('[a.lost for a in s.aside if a.debt = b.debt]') }} - {{ allocation_sum(
                    '[d.upto - d.since for d in s.debts if d.debt = b.debt and d.rank >= ' ~ written_off_rank() ~ ']'
                ) }}
            )], lambda o: struct_pack(
                debt := b.debt,
                rank := b.rank,
                beyond := greatest(least(b.since + b.size, o.beyond) - b.since, 0),
                lost := greatest(least(b.since + b.size, o.beyond + o.recovered) - greatest(b.since, o.beyond), 0),
                again := greatest(b.since + b.size - greatest(b.since, o.beyond + o.recovered), 0)
            ))[1])
{%- endmacro %}

{#- What a step takes, in the order of `place`: off what is owed, off unspent money, off what was paid. `picks` are the
    pieces that it reaches, each with how much of it. -#}
{% macro allocation_taken() -%}
list_transform([list_sort(list_concat(
                [
                    struct_pack(
                        place := case when d.rank < {{ written_off_rank() }} then 1 else 3 end,
                        turn := cast(i as bigint), what := 'debt', slot := i, size := d.upto - d.since
                    )
                    for d, i in s.debts
                    if e.kind in ('lose', 'write_off', 'end') and d.debt = e.debt
                        and d.rank < case
                            when e.kind = 'end' then e.rank
                            when e.kind = 'write_off' then {{ written_off_rank() }}
                            else {{ written_off_rank() }} + {{ written_off_rank() }}
                        end
                ],
                [
                    struct_pack(place := 2, turn := cast(i as bigint), what := 'kept', slot := i, size := a.kept)
                    for a, i in s.aside if e.kind in ('lose', 'write_off', 'give_up') and a.debt = e.debt and a.kept > 0
                ],
                [
                    struct_pack(place := 4, turn := cast(i as bigint), what := 'given', slot := i, size := a.given - a.beyond)
                    for a, i in s.aside if e.kind = 'lose' and a.debt = e.debt and a.given > a.beyond
                ],
                [
                    struct_pack(
                        place := case
                            when m.origin = e.origin then case when e.kind = 'chargeback' then 4 else 2 end
                            else 5
                        end,
                        turn := cast(i as bigint), what := 'money', slot := i, size := m.upto - m.since
                    )
                    for m, i in s.money
                    if e.kind in ('consume', 'refund', 'chargeback', 'paid_out')
                        and (m.origin = e.origin or e.kind = 'paid_out' or (e.kind <> 'consume' and e.origin is null)
                            or e.kind = 'refund')
                ],
                [
                    struct_pack(
                        place := case
                            when e.kind in ('lose', 'write_off') then 6
                            when h.debt = e.debt and (h.origin = e.origin or e.origin is null) then 1
                            when e.kind = 'chargeback' then 3
                            else 6
                        end,
                        turn := -cast(i as bigint), what := 'move', slot := i, size := h.size
                    )
                    for h, i in list_transform(s.moves, lambda h, i: struct_pack(
                        origin := h.origin, debt := h.debt, rank := h.rank, size := case
                            when h.amount > 0 and h.debt is not null and h.back_of is null then h.amount + cast(
                                coalesce(list_sum([b.amount for b in s.moves if b.back_of = i]), 0) as bigint
                            )
                        end
                    ))
                    if h.size > 0 and case
                        when e.kind = 'lose' then h.debt = e.debt and h.origin is not null
                        when e.kind = 'write_off'
                            then h.debt = e.debt and h.origin is not null and h.rank < {{ written_off_rank() }}
                        when e.kind in ('refund', 'chargeback') and e.origin is not null then h.origin = e.origin
                        when e.kind in ('refund', 'chargeback') and e.debt is not null then h.debt = e.debt
                        else e.kind in ('refund', 'chargeback', 'paid_out') and h.origin is not null
                    end
                ]
            ))], lambda reached: list_transform([[
                struct_pack(what := c.what, slot := c.slot, size := least(
                    c.size, e.amount - cast(coalesce(list_sum([q.size for q in reached[:i - 1]]), 0) as bigint)
                ))
                for c, i in reached
                if e.amount > coalesce(list_sum([q.size for q in reached[:i - 1]]), 0)
            ]], lambda picks: list_transform([{{ allocation_backs() }}], lambda backs: struct_pack(
                debts := {{ allocation_ruler("list_sort(list_concat(
                    [
                        struct_pack(rank := d.rank, debt := d.debt, size := d.upto - d.since - cast(coalesce(
                            list_sum([p.size for p in picks if p.what = 'debt' and p.slot = i]), 0
                        ) as bigint))
                        for d, i in s.debts
                        if d.upto - d.since > coalesce(
                            list_sum([p.size for p in picks if p.what = 'debt' and p.slot = i]), 0
                        )
                    ],
                    [
                        struct_pack(
                            rank := " ~ written_off_rank() ~ " + " ~ due_place("case when p.what = 'move' then s.moves[p.slot].rank else s.debts[p.slot].rank end") ~ ", debt := e.debt, size := p.size
                        )
                        for p in picks if e.kind = 'write_off' and p.what <> 'kept'
                    ],
                    [
                        struct_pack(
                            rank := " ~ written_off_rank() ~ " + " ~ due_place('b.rank') ~ ", debt := b.debt, size := b.lost
                        )
                        for b in backs if b.lost > 0
                    ],
                    [struct_pack(rank := b.rank, debt := b.debt, size := b.again) for b in backs if b.again > 0]
                ))", ['rank', 'debt']) }},
                money := {{ allocation_ruler("list_concat(
                    [
                        struct_pack(origin := m.origin, size := m.upto - m.since - cast(coalesce(
                            list_sum([p.size for p in picks if p.what = 'money' and p.slot = i]), 0
                        ) as bigint) + cast(coalesce(list_sum([
                            p.size for p in picks
                            if p.what = 'move' and e.kind in ('lose', 'write_off') and s.moves[p.slot].origin = m.origin
                        ]), 0) as bigint))
                        for m, i in s.money
                        if m.upto - m.since > coalesce(
                            list_sum([p.size for p in picks if p.what = 'money' and p.slot = i]), 0
                        )
                    ],
                    [
                        struct_pack(origin := s.moves[p.slot].origin, size := p.size)
                        for p in picks if p.what = 'move' and e.kind in ('lose', 'write_off')
                            and not list_contains(list_transform(s.money, lambda m: m.origin), s.moves[p.slot].origin)
                    ]
                )", ['origin']) }},
                moves := [
                        struct_pack(
                            origin := case
                                when p.what = 'move' and e.kind = 'paid_out' then e.origin
                                when p.what = 'move' then s.moves[p.slot].origin
                                when p.what = 'money' then s.money[p.slot].origin
                            end,
                            debt := case
                                when p.what = 'move' then s.moves[p.slot].debt
                                when p.what = 'debt' then e.debt
                            end,
                            rank := case
                                when p.what = 'move' then s.moves[p.slot].rank
                                when p.what = 'debt' then s.debts[p.slot].rank
                            end,
                            amount := case when e.kind in ('end', 'consume') then p.size else -p.size end,
                            back_of := case when p.what = 'move' then cast(p.slot as bigint) end,
                            day := e.day,
                            settled := case when p.what = 'move' then s.moves[p.slot].day else e.day end,
                            cause := e.cause
                        )
                        for p in picks
                        if p.what = 'move'
                            or e.kind in ('end', 'consume')
                            or (p.what = 'money' and e.cause is not null)
                    ],
                aside := list_transform(
                    list_concat(s.aside, [
                        struct_pack(
                            debt := debt, kept := cast(0 as bigint), beyond := cast(0 as bigint), lost := cast(0 as bigint),
                            given := cast(0 as bigint)
                        )
                        for debt in [e.debt]
                        if e.kind in ('lose', 'write_off', 'leave')
                            and not list_contains(list_transform(s.aside, lambda a: a.debt), e.debt)
                    ]),
                    lambda a: struct_pack(
                        debt := a.debt,
                        kept := a.kept + case
                            when a.debt = e.debt and e.kind = 'leave' then greatest(e.amount - a.beyond, 0)
                            when a.debt = e.debt then -{{ allocation_sum("[p.size for p in picks if p.what = 'kept']") }}
                            else 0
                        end,
                        beyond := a.beyond + case
                            when a.debt = e.debt and e.kind = 'leave' then -least(e.amount, a.beyond)
                            when a.debt = e.debt and e.kind = 'lose'
                                then e.amount - {{ allocation_sum("[p.size for p in picks if p.what <> 'given']") }}
                            else 0
                        end - {{ allocation_sum('[b.beyond for b in backs if b.debt = a.debt]') }},
                        lost := a.lost + case
                            when a.debt = e.debt and e.kind = 'write_off'
                                then {{ allocation_sum("[p.size for p in picks if p.what <> 'kept']") }}
                            else 0
                        end,
                        given := a.given + case
                            when a.debt = e.debt and e.kind in ('write_off', 'give_up')
                                then {{ allocation_sum("[p.size for p in picks if p.what = 'kept']") }}
                            else 0
                        end
                    )
                )
            ))[1])[1])[1]
{%- endmacro %}
