"""The same folds over history, without servers: what would Filrouge have seen?

`docs/backtest.md` tells how to map a log.
"""
