{#- A model's grain: no two rows share these columns, and none of them is missing, but for those that `nullable` names.
    Returns the offending keys. -#}
{% test key(model, columns, nullable=[]) %}
    select {{ columns | join(', ') }}, count(*) as rows_of_key
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
        {% for column in columns if column not in nullable %} or {{ column }} is null {% endfor %}
{% endtest %}
