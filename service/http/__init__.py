"""HTTP as every part of the service uses it. It knows nothing of SCIM.

`server.py` is aiohttp's server with our limits, `answer.py` an answer that is sent in one piece, `compression.py`
inflates bodies, `request_id.py` holds the id of a request, `media_type.py` the media type of answers, `origin.py`
finds the address that a client uses, `parts.py` has the parts that handlers use; `health.py` answers orchestrators.
Begin with `server.py`.
"""
