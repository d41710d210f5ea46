-- stage: tables for what comes from another database.
CREATE TEMPORARY TABLE staged_events (LIKE eventstore.events, PRIMARY KEY (position)) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_subject_keys (LIKE eventstore.subject_keys) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_signers (LIKE proof.signers) ON COMMIT DROP
