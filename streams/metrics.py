"""Every Prometheus metric of every process, defined once.

No label ever holds an id or anything personal; label values come from small fixed sets.
Durations are seconds, as Prometheus has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from streams.fold import Count, Observe

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

# Gateway
webhooks_accepted = Counter(
    "filrouge_webhooks_accepted", "Webhooks that Kafka has, by vendor and source.",
    ("vendor", "source"),
)  # fmt: skip
webhooks_rejected = Counter(
    "filrouge_webhooks_rejected", "Webhooks refused, by source and reason.", ("source", "reason")
)
webhook_seconds = Histogram(
    "filrouge_webhook_seconds", "From the last byte in to Kafka's word.", ("vendor",), buckets=_FAST
)
webhooks_in_flight = Gauge("filrouge_webhooks_in_flight", "Requests that wait for Kafka.")
clock_skew_seconds = Histogram(
    "filrouge_clock_skew_seconds",
    "Arrival minus the vendor's own time.",
    ("source",),
    buckets=(-60, -5, -1, 0, 1, 5, 60, 600, 3600, 86400),
)  # fmt: skip

# Reconcile
reconciled_records = Counter(
    "filrouge_reconciled_records",
    "Records that a vendor's API was asked for and that were sent in; most are repeats.",
    ("source",),
)
reconcile_failures = Counter(
    "filrouge_reconcile_failures", "Passes that could not be finished.", ("source",)
)
reconciled_timestamp_seconds = Gauge(
    "filrouge_reconciled_timestamp_seconds",
    "How far the vendor's API was asked, by its own clock.",
    ("source",),
)

# Folds
events_total = Counter(
    "filrouge_events", "Canonical events made, by type and source.", ("type", "source")
)
bodies_without_events = Counter(
    "filrouge_bodies_without_events", "Webhooks that gave no event, by vendor and code.",
    ("vendor", "code"),
)  # fmt: skip
duplicates_total = Counter(
    "filrouge_duplicates", "Events recognised as repeats, by source.", ("source",)
)
twins_total = Counter(
    "filrouge_twins", "Messages that another source tells too, by carrier.", ("source",)
)
identifiers_shared_total = Counter(
    "filrouge_identifiers_shared", "Identifiers found to be shared by two people.", ("source",)
)
customers_joined_total = Counter(
    "filrouge_customers_joined", "Joins, by what said so: identifier, claim, operator.", ("by",)
)
customers_split_total = Counter("filrouge_customers_split", "Joins that were undone.")
foreign_refs_total = Counter(
    "filrouge_foreign_refs", "References to another customer's conversation.", ("source",)
)
erased_total = Counter(
    "filrouge_erased_events",
    "Events of customers who were erased: dropped.",
    ("source",),
)
late_total = Counter("filrouge_events_too_late", "Events kept as context only.", ("source",))
facts_total = Counter("filrouge_facts", "Facts published, by type and state.", ("type", "state"))
notifications_total = Counter(
    "filrouge_notifications", "Notifications decided, by rule and operation.", ("rule", "op")
)
dead_letters_total = Counter("filrouge_dead_letters", "Dead letters, by reason.", ("reason",))

# Engine
lag_records = Gauge("filrouge_lag_records", "Records not yet folded.", ("lane", "partition"))
records_applied = Counter("filrouge_records_applied", "Records folded.", ("lane", "partition"))
batch_records = Histogram(
    "filrouge_batch_records", "Records and timers in a commit.", ("lane",),
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
)  # fmt: skip
fold_seconds = Histogram("filrouge_fold_seconds", "Folding a batch.", ("lane",), buckets=_FAST)
commit_seconds = Histogram(
    "filrouge_commit_seconds", "A commit's round trip to Redis.", ("lane",), buckets=_FAST
)
outbox_depth = Gauge(
    "filrouge_outbox_depth", "Effects committed, not yet published.", ("lane", "partition")
)
timers_due = Gauge("filrouge_timers_due", "Timers whose time has come.", ("lane", "partition"))
timers_set = Gauge("filrouge_timers_set", "Timers waiting.", ("lane", "partition"))
claims_total = Counter("filrouge_claims", "Partitions claimed, by outcome.", ("lane", "outcome"))
skipped_total = Counter(
    "filrouge_records_skipped", "Records not folded, by reason (repeat, poison).",
    ("lane", "reason"),
)  # fmt: skip
last_applied_timestamp_seconds = Gauge(
    "filrouge_last_applied_timestamp_seconds", "When the lane last moved.", ("lane", "partition")
)
cache_entries = Gauge("filrouge_cache_entries", "Decoded states in memory.", ("lane", "partition"))

# Delivery
deliveries_total = Counter(
    "filrouge_deliveries",
    "Delivery attempts, by subscriber and outcome.",
    ("subscriber", "outcome"),
)
delivery_seconds = Histogram(
    "filrouge_delivery_seconds", "One delivery attempt.", ("subscriber",), buckets=_FAST
)

# Console
console_requests = Counter(
    "filrouge_console_requests", "Console requests, by route and status.", ("route", "status")
)
console_seconds = Histogram(
    "filrouge_console_seconds", "Answering a console request.", ("route",), buckets=_FAST
)
views_unlogged = Counter(
    "filrouge_views_unlogged", "Context look-ups whose event Kafka has not taken."
)
kpi_value = Gauge(
    "filrouge_kpi", "A KPI over its window (unit in docs/kpis.md).", ("domain", "kpi", "window")
)
live_value = Gauge("filrouge_live", "A live gauge: waiting, open…", ("domain", "gauge"))


def apply(asked: Iterable[Count | Observe]) -> None:
    """What folds ask for; they may not touch Prometheus themselves. `metric` names one of this
    file. Counts are summed first: looking a label up costs more than adding.
    """
    sums: dict[tuple[str, tuple[str, ...]], int] = {}
    for one in asked:
        if isinstance(one, Count):
            key = (one.metric, one.labels)
            sums[key] = sums.get(key, 0) + one.amount
        else:
            _labelled(one.metric, one.labels).observe(one.value)
    for (metric, labels), amount in sums.items():
        _labelled(metric, labels).inc(amount)


def _labelled(metric: str, labels: tuple[str, ...]) -> Any:
    found = globals()[metric]
    return found.labels(*labels) if labels else found
