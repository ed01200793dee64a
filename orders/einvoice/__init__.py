"""Invoices as EN 16931 has them: one picture (`document.py`), written as CII for Factur-X and as UBL 2.1."""
