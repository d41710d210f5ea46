-- decide_long: let this transaction be idle for longer, while the changes of very many people are decided.
-- $1 timeout text
SELECT set_config('idle_in_transaction_session_timeout', $1, true)
