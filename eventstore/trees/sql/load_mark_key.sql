-- load_mark_key: the wrapped key of the marks. No row means that there is none yet.
SELECT wrapped_key
  FROM proof.mark_keys
