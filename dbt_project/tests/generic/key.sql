{#- A model's grain: no two rows share these columns, and none of them is missing. Returns the offending keys. -#}
{% test key(model, columns) %}
    select {{ columns | join(', ') }}, count(*) as rows_of_key
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
        {% for column in columns %} or {{ column }} is null {% endfor %}
{% endtest %}
