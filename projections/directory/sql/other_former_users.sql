-- other_former_users: deleted users whose names may have had characters that folded otherwise before revision 2.
-- Only the folded name is here. That of an ASCII key may have had ß (ss), ſ (s), ﬅ (st), ﬀ, ﬁ or ﬂ.
SELECT organization_id, id, user_name_key
  FROM former_users
 WHERE octet_length(user_name_key) <> char_length(user_name_key)
    OR user_name_key ~ 's|ff|fi|fl'
 ORDER BY organization_id
