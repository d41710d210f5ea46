-- load_users: the state of users by id, with the groups of each as a JSON list of (id, displayName), or NULL; whether tokens
-- or OAuth clients are in use that belong to it; and whether it is a technical account, as find_technical says.
-- $1 organization_id uuid
-- $2 ids uuid[]
WITH holders AS MATERIALIZED (
    SELECT account_id, bool_or(is_in_use) AS is_in_use
      FROM (SELECT account_id, revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) AS is_in_use
              FROM tokens
             WHERE organization_id = $1
               AND account_id = ANY($2::uuid[])
             UNION ALL
            SELECT account_id, revoked_at IS NULL
              FROM clients
             WHERE organization_id = $1
               AND account_id = ANY($2::uuid[])) AS held
     GROUP BY account_id
)
SELECT id, version, created_at, modified_at, origin, active, role_id, document, kind,
       explicit_role_id, role_group_id,
       (SELECT json_agg(json_build_array(groups.id, groups.document->>'displayName') ORDER BY groups.id)::text
          FROM memberships
          JOIN groups
            ON groups.organization_id = $1
           AND groups.id = memberships.group_id
         WHERE memberships.organization_id = $1
           AND memberships.member_id = users.id) AS groups,
       coalesce(is_in_use, false) AS holds_tokens,
       kind <> 'person' OR account_id IS NOT NULL AS is_technical
  FROM users
  LEFT JOIN holders ON account_id = id
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
