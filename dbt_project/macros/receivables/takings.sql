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
