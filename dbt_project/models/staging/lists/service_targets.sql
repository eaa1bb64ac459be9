-- Grain: one row per class of service: the list's rows over the defaults.
{{ list_over_defaults('service_targets', {'class_rank': 'integer', 'callback_minutes': 'double', 'case_days': 'double'}) }}
