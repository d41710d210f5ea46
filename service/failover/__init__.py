"""What the service does by itself after an automatic failover to a standby that had not received the tail of a log.

`lost_tail.py` declares a loss of a few seconds, as `audit accept-restore` does, if a setting allows it. It knows the parts
of the proof; none of them knows it, so `service/app.py` gives it to them. It never declares what contradicts otherwise.
Begin with `lost_tail.py`.
"""
