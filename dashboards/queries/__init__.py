"""Every SELECT of the dashboards, one module a subject; `base` holds how they reach the published warehouse.

Each function takes the resolved path of the warehouse first, and is cached by it: a new publication has a new path, so
nothing of the one before is shown with it. Values are bound, never written into the text of a query. No metric is made
here: ratios are columns of the schema `reporting`; what is summed is additive.
"""
