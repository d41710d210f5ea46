"""Traces for an OpenTelemetry collector, from a request to its statements.

They need the extra `otel`, and are off unless a standard variable asks for them: then nothing of this is called.
`setup.py` reads the variables of OpenTelemetry and opens the `Tracing` of a process; `spans.py` says what that does,
for those who do not know the library. `requests.py` makes the span of a request, `tracing.py` that of a batch, with a
link to each of its requests, and `statements.py` that of a statement. No span holds a value: only methods, routes,
statuses, the names of statements, and the ids of organizations and requests. It knows nothing of SCIM, and the
libraries of OpenTelemetry are imported in this folder only. Begin with `setup.py`.
"""
