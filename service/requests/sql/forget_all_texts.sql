-- forget_all_texts: remove what requests say about anybody of an organization.
-- $1 organization_id uuid
UPDATE service.requests
   SET sealed = NULL,
       sealed_for = NULL,
       is_erased = true
 WHERE organization_id = $1
   AND sealed IS NOT NULL
