"""The contract of Filrouge: canonical events, facts and notifications.

`schemas.events`, `schemas.facts` and `schemas.notification` are the types,
`schemas.cloudevents` is how they stand on the wire, `schemas/json/` holds JSON Schema
generated from the types (`python -m schemas.generate`).
"""
