(facts->>'roleId' = {value} OR facts->>'previousRoleId' = {value})
