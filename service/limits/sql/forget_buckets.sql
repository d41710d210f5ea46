-- forget_buckets: remove the buckets that nobody has taken from for a day; they are full.
DELETE FROM service.request_buckets
 WHERE filled_at < clock_timestamp() - interval '1 day'
