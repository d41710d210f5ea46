-- forget_process: a process ends.
-- $1 process_id uuid
DELETE FROM service.processes
 WHERE process_id = $1
