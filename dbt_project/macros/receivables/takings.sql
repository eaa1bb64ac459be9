{#- What was taken back of an invoice, one after the other: a step with what the ones before it took (`taken`). -#}
{% macro taking_step(event_id, day, settled, amount) -%}
struct_pack(
            event_id := {{ event_id }},
            day := {{ day }},
            settled := {{ settled }},
            amount := {{ money(amount) }},
            taken := cast([] as struct(event_id varchar, place bigint, amount decimal(18, 4))[])
        )
{%- endmacro %}

{#- The state after all `steps`. Each takes of what is left of `paid` (place, day, amount) by its day: of its own payment first,
    by the day of that, then of the others, the last first. -#}
{% macro takings(steps, paid) -%}
list_reduce({{ steps }}, lambda s, e: list_transform(
        [[
            struct_pack(place := p.place, turn := case when p.day = e.settled then 1 else 0 end, size := p.size)
            for p in list_transform({{ paid }}, lambda q: struct_pack(place := q.place, day := q.day, size := q.amount - coalesce(
                list_sum([t.amount for t in s.taken if t.place = q.place]), 0
            )))
            if p.size > 0 and (p.day <= e.day or p.day = e.settled)
        ]],
        lambda reached: struct_pack(
            event_id := e.event_id, day := e.day, settled := e.settled, amount := e.amount,
            taken := list_concat(s.taken, [
                t for t in list_transform(reached, lambda p: struct_pack(
                    event_id := e.event_id,
                    place := p.place,
                    amount := {{ money(least_known('p.size', 'e.amount - coalesce(list_sum([
                        r.size for r in reached if r.turn > p.turn or (r.turn = p.turn and r.place > p.place)
                    ]), 0)')) }}
                ))
                if t.amount > 0
            ])
        )
    )[1],
    {{ taking_step('cast(null as varchar)', 'cast(null as date)', 'cast(null as date)', 'null') }})
{%- endmacro %}

{#- What happens to one piece of money: it pays (`apply`), or goes back (`refund`, or `chargeback` for all else). `amount` is in its
    own currency, `worth` in the invoice's: of what pays always, of what goes back where that is how it is told. -#}
{% macro payment_step(event_id, kind, invoice_id, amount, worth, unspent='null') -%}
struct_pack(
            event_id := cast({{ event_id }} as varchar),
            kind := cast({{ kind }} as varchar),
            invoice_id := cast({{ invoice_id }} as varchar),
            amount := {{ money(amount) }},
            worth := {{ money(worth) }},
            unspent := {{ money(unspent) }},
            paid := cast([] as struct(
                event_id varchar, invoice_id varchar, amount decimal(18, 4), worth decimal(18, 4), size decimal(18, 4)
            )[]),
            returned := cast([] as struct(event_id varchar, application_id varchar, what varchar, amount decimal(18, 4))[])
        )
{%- endmacro %}

{#- The state after all `steps` of money of which `total` came. What pays takes no more than is unspent then (`paid`: how much of
    it, and what of that did not go back, `size`). What goes back takes what was paid of the invoice that is named; then a refund
    what is unspent, everything else what was paid, the last first; then the other; what it does not find is `nothing`. Told in
    the invoice's currency, it is worth what paid the invoice was, and where nothing did its `amount`. -#}
{% macro payment_walk(steps, total) -%}
list_reduce(
        {{ steps }},
        lambda s, e: case when e.kind = 'apply' then {{ payment_applied() }} else {{ payment_returned() }} end,
        {{ payment_step('null', 'null', 'null', 'null', 'null', total) }}
    )
{%- endmacro %}

{% macro payment_applied() -%}
list_transform(
            [{{ money('case when e.amount > 0 then ' ~ least_known('e.amount', greatest_known('s.unspent', 0)) ~ ' else e.amount end') }}],
            lambda x: struct_pack(
                event_id := e.event_id, kind := e.kind, invoice_id := e.invoice_id, amount := e.amount, worth := e.worth,
                unspent := {{ money('s.unspent - x') }},
                paid := list_append(s.paid, struct_pack(
                    event_id := e.event_id,
                    invoice_id := e.invoice_id,
                    amount := x,
                    worth := case when x = e.amount then e.worth else {{ money('e.worth * x / e.amount') }} end,
                    size := x
                )),
                returned := s.returned
            )
        )[1]
{%- endmacro %}

{% macro payment_returned() -%}
list_transform(
            [struct_pack(
                amount := case
                    when e.worth is null then e.amount
                    else coalesce(
                        {{ money('e.worth * list_sum([p.amount for p in s.paid if p.invoice_id = e.invoice_id and p.amount > 0])
                            / list_sum([p.worth for p in s.paid if p.invoice_id = e.invoice_id and p.amount > 0])') }},
                        e.amount
                    )
                end,
                reached := list_filter(list_append(
                    list_transform(s.paid, lambda p, i: struct_pack(
                        application_id := p.event_id,
                        place := i,
                        turn := case when p.invoice_id = e.invoice_id then 1 when e.kind = 'refund' then 3 else 2 end,
                        size := p.size
                    )),
                    struct_pack(
                        application_id := cast(null as varchar),
                        place := 0,
                        turn := case when e.kind = 'refund' then 2 else 3 end,
                        size := s.unspent
                    )
                ), lambda r: r.size > 0)
            )],
            lambda t: list_transform(
                [list_filter(
                    list_transform(t.reached, lambda r: struct_pack(
                        application_id := r.application_id,
                        amount := {{ money(least_or_unknown('r.size', 't.amount - coalesce(list_sum([
                            q.size for q in t.reached if q.turn < r.turn or (q.turn = r.turn and q.place > r.place)
                        ]), 0)')) }}
                    )),
                    lambda r: r.amount > 0
                )],
                lambda now: struct_pack(
                    event_id := e.event_id, kind := e.kind, invoice_id := e.invoice_id, amount := e.amount, worth := e.worth,
                    unspent := {{ money('s.unspent - coalesce(list_sum([n.amount for n in now if n.application_id is null]), 0)') }},
                    paid := list_transform(s.paid, lambda p: struct_pack(
                        event_id := p.event_id,
                        invoice_id := p.invoice_id,
                        amount := p.amount,
                        worth := p.worth,
                        size := {{ money('p.size - coalesce(list_sum([n.amount for n in now if n.application_id = p.event_id]), 0)') }}
                    )),
                    returned := list_concat(
                        s.returned,
                        list_transform(now, lambda n: struct_pack(
                            event_id := e.event_id,
                            application_id := n.application_id,
                            what := case when n.application_id is null then 'unapplied' else 'invoice' end,
                            amount := n.amount
                        )),
                        list_filter(
                            [struct_pack(
                                event_id := e.event_id,
                                application_id := cast(null as varchar),
                                what := 'nothing',
                                amount := {{ money('t.amount - coalesce(list_sum([n.amount for n in now]), 0)') }}
                            )],
                            lambda n: n.amount is null or n.amount > 0
                        )
                    )
                )
            )[1]
        )[1]
{%- endmacro %}
