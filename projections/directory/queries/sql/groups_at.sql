-- groups_at: groups as they were at a position of the log, with the columns of directory.groups. The caller chooses the organization.
-- position: a number
SELECT organization_id, id, version, created_at, modified_at, member_count, display_name_key, external_id, document, search
  FROM versions.group_versions
 WHERE from_position <= {position}
   AND (to_position IS NULL OR to_position > {position})
