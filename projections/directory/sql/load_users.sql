-- load_users: the state of users by id, with the groups of each as a JSON list of (id, displayName), or NULL, and whether
-- tokens or OAuth clients are in use that belong to it.
-- $1 organization_id uuid
-- $2 ids uuid[]
SELECT id, version, created_at, modified_at, origin, active, role_id, document, kind,
       explicit_role_id, role_group_id,
       (SELECT json_agg(json_build_array(groups.id, groups.document->>'displayName') ORDER BY groups.id)::text
          FROM memberships
          JOIN groups
            ON groups.organization_id = $1
           AND groups.id = memberships.group_id
         WHERE memberships.organization_id = $1
           AND memberships.member_id = users.id) AS groups,
       (EXISTS (SELECT
                  FROM tokens
                 WHERE tokens.organization_id = $1
                   AND tokens.account_id = users.id
                   AND tokens.revoked_at IS NULL
                   AND (tokens.expires_at IS NULL OR tokens.expires_at > now()))
        OR EXISTS (SELECT
                     FROM clients
                    WHERE clients.organization_id = $1
                      AND clients.account_id = users.id
                      AND clients.revoked_at IS NULL)) AS holds_tokens
  FROM users
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
