"""KPIs: each a definition, counted from facts into panes of event time.  Pure.

A KPI is a function of single facts, so whoever reads topic `journeys` can recompute every figure.
Only integers are kept, so sums over partitions and panes are exact, in any order, and what was
counted can be taken back.
"""
