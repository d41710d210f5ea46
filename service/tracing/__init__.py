"""Traces, from a request to its statements, for an OpenTelemetry collector: the extra `otel`, off unless a standard variable asks for it.

`setup.py` reads the variables of OpenTelemetry and opens the `Tracing` of a process; `spans.py` says what it does, for those who do not
know the library. `requests.py` makes the span of a request, `tracing.py` that of a batch, with a link to each of its requests, and
`statements.py` that of a statement. No span holds a value:
only methods, routes, statuses, the names of statements, and the ids of organizations and requests. Without the variables there
is none, and nothing of this is called. It knows nothing of SCIM, and the libraries of OpenTelemetry are imported in this
folder only. Begin with `setup.py`.
"""
