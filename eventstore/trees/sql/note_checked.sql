-- note_checked: record that a full check of a log found nothing.
-- $1 organization_id uuid
UPDATE proof.logs
   SET checked_at = clock_timestamp()
 WHERE organization_id = $1
