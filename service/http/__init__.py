"""HTTP as every part of the service uses it. It knows nothing of SCIM.

`server.py` is aiohttp's server with our limits, `connections/handler.py` one connection of it. `answering.py`
surrounds every request: it turns failures into refusals in the `error_form.py` of the path and writes the log
line, to which `refusal_log.py` adds the reason; `kept.py` notes what the request leaves beside the log.
`plain_reads.py` answers most GETs before all of that. `authentication.py` is what all ways in share, `hosts.py`
finds the URL of the service, `answer.py` is an answer that is sent in one piece, `body.py` reads bodies,
`compression.py` inflates them, `request_state.py` is what a request carries, `media_type.py` the media type of answers,
`parts.py` the parts that handlers use; `health.py` answers orchestrators. Begin with `server.py`.
"""
