-- other_organization_names: names of organizations with characters beyond ASCII, and as they were folded.
SELECT name, name_key
  FROM organizations
 WHERE octet_length(name) <> char_length(name)
