"""HTTP as every part of the service uses it. It knows nothing of SCIM.

`server.py` is aiohttp's server with our limits, `answer.py` an answer that leaves in one piece, `compression.py`
inflates bodies, `request_id.py` names a request, `media_type.py` names media types, `parts.py` holds the parts
that handlers use, `health.py` answers orchestrators. Begin with `server.py`.
"""
