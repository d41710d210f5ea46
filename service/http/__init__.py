"""HTTP as every part of the service uses it. It knows nothing of SCIM.

`server.py` is aiohttp's server with our limits, and `connections/handler.py` one connection of it.
`authentication.py` is what all ways in share, `hosts.py` finds the URL of the service, `answer.py` is an answer
that is sent in one piece, `compression.py` inflates bodies, `request_id.py` holds the id of a request,
`media_type.py` the media type of answers, `parts.py` the parts that handlers use; `health.py` answers
orchestrators. Begin with `server.py`.
"""
