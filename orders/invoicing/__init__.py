"""What an invoice says, what is left of it to credit, and whether every number is there. Nothing here changes anything.

Issuing is done by `orders.services.invoices` and `orders.services.credit_notes`.
"""
