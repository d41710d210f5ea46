-- forget_texts: remove what requests say about a person, of those that name its id and of those given.
-- $1 organization_id uuid
-- $2 user_id uuid
-- $3 ids uuid[]
UPDATE service.requests
   SET sealed = NULL,
       sealed_for = NULL,
       is_erased = true
 WHERE organization_id = $1
   AND sealed IS NOT NULL
   AND (resource_id = $2 OR sealed_for = $2 OR id = ANY($3::uuid[]))
