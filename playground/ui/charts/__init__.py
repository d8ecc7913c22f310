"""Plotly figures from plain numbers; one module per chart, one look for all (look.py)."""
