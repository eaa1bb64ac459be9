-- Grain: one row of the list as it is now, answers to surveys.
{{ listed('survey_answers') }}
