-- in_department: a condition: the department of a user begins with a text. `value` is the text, folded.
starts_with(search->'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'->>'department', {value})
