-- forget_sessions: end the sessions of the console of a person, or of everybody in an organization.
-- $1 organization_id uuid
-- $2 user_id uuid: NULL for everybody
DELETE FROM service.console_sessions
 WHERE organization_id = $1
   AND ($2::uuid IS NULL OR person_id = $2)
