-- other_groups: groups whose documents have characters beyond ASCII, with all that was folded of them.
SELECT id, version, created_at, modified_at, member_count, document, display_name_key, search
  FROM groups
 WHERE octet_length(document::text) <> char_length(document::text)
