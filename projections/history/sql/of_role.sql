-- of_role: a condition: the event assigns a role, or assigns it no longer. `value` is the id of the role, as text.
(facts->>'roleId' = {value} OR facts->>'previousRoleId' = {value})
