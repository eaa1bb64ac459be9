{#- One end of the Wilson score interval of a share (E. B. Wilson, Probable inference, the law of succession, and statistical
    inference, Journal of the American Statistical Association 22, 1927): `share` of `count` observations, both columns or
    expressions, within `z` standard errors; `sign` is - for the low end, + for the high one. Unlike the plain
    share ± z standard errors it stays within 0 and 1 and means something for few observations. -#}
{% macro wilson(share, count, z, sign) -%}
{%- set spread = 'power(' ~ z ~ ', 2) / ' ~ count -%}
{{ least_or_unknown(
    '1',
    greatest_or_unknown(
        '0',
        '(' ~ share ~ ' + ' ~ spread ~ ' / 2 ' ~ sign ~ ' ' ~ z ~ ' * sqrt( ' ~ greatest_or_unknown(
            share ~ ' * (1 - ' ~ share ~ ')', '0'
        ) ~ ' / ' ~ count ~ ' + ' ~ spread ~ ' / (4 * ' ~ count ~ ') )) / (1 + ' ~ spread ~ ')'
    )
) }}
{%- endmacro %}
