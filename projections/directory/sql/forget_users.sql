-- forget_users: delete users from the tables that a rebuild has replaced, if they are kept; return those who were there.
-- $1 organization_id uuid
-- $2 ids uuid[]
SELECT forgotten
  FROM projections.forget_users($1, $2::uuid[]) AS forgotten
