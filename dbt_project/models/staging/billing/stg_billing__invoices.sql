-- Grain: one row a source system and invoice_id; the newest version of each.
-- One that its newest full export no longer holds stays, with when that was seen: it was a debt until then.
{{ staged('billing.invoices', default_currency=true, keep_vanished=true) }}
