"""Asks somebody else, the witness of a log, to cosign its checkpoints (C2SP tlog-witness).

A witness keeps one checkpoint of a log, and cosigns another only if it extends that one. So a history that was rewritten
with the log's own key, here and in every copy outside, still contradicts what the witness knows.
`protocol.py` is what is sent and answered. `look.py` asks once a minute, off every other path, and keeps the cosignature
beside the checkpoint. Which witness a log has is a setting of its organization. It changes nothing in the log and may not
delay a signature. Begin with `look.py`.
"""
