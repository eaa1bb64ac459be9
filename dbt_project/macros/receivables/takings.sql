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

{#- Money of one payment that went back, one after the other: a step with what the ones before it took (`taken`). -#}
{% macro return_step(adjustment_id, invoice_id, is_refund, day, amount) -%}
struct_pack(
            adjustment_id := {{ adjustment_id }},
            invoice_id := {{ invoice_id }},
            is_refund := {{ is_refund }},
            day := {{ day }},
            amount := {{ money(amount) }},
            taken := cast([] as struct(adjustment_id varchar, place bigint, amount decimal(18, 4))[])
        )
{%- endmacro %}

{#- The state after all `steps`. Each takes of what is left of `paid` (what the payment paid: place, invoice_id, day, amount) and of
    `total` by its day: what it paid of the invoice that is named; then a refund what is unspent (place 0), everything else what was
    paid, the last first; then the other. -#}
{% macro returns(steps, paid, total) -%}
list_reduce({{ steps }}, lambda s, e: list_transform(
        [list_filter(list_append(
            list_transform(
                list_filter({{ paid }}, lambda p: p.day <= e.day),
                lambda p: struct_pack(
                    place := p.place,
                    turn := case when p.invoice_id = e.invoice_id then 1 when e.is_refund then 3 else 2 end,
                    size := p.amount - coalesce(list_sum([t.amount for t in s.taken if t.place = p.place]), 0)
                )
            ),
            struct_pack(
                place := cast(0 as bigint),
                turn := case when e.is_refund then 2 else 3 end,
                size := {{ total }} - coalesce(list_sum([p.amount for p in {{ paid }} if p.day <= e.day]), 0)
                    - coalesce(list_sum([t.amount for t in s.taken if t.place = 0]), 0)
            )
        ), lambda r: r.size > 0)],
        lambda reached: struct_pack(
            adjustment_id := e.adjustment_id, invoice_id := e.invoice_id, is_refund := e.is_refund, day := e.day,
            amount := e.amount,
            taken := list_concat(s.taken, [
                t for t in list_transform(reached, lambda r: struct_pack(
                    adjustment_id := e.adjustment_id,
                    place := r.place,
                    amount := {{ money(least_known('r.size', 'e.amount - coalesce(list_sum([
                        q.size for q in reached if q.turn < r.turn or (q.turn = r.turn and q.place > r.place)
                    ]), 0)')) }}
                ))
                if t.amount > 0
            ])
        )
    )[1],
    {{ return_step('cast(null as varchar)', 'cast(null as varchar)', 'cast(null as boolean)', 'cast(null as date)', 'null') }})
{%- endmacro %}
