-- of_attribute: a condition: the event writes an attribute. `value` is the attribute by its path.
(facts->'attributes' ? {value}
        OR facts->'values' ? {value}
        OR type = 'UserProvisioned' AND {value} IN ('active', 'roleId')
        OR {value} = CASE type WHEN 'RoleAssigned' THEN 'roleId' WHEN 'UserDeactivated' THEN 'active'
                         WHEN 'UserReactivated' THEN 'active' WHEN 'UserLinked' THEN 'externalId'
                         WHEN 'MembersAdded' THEN 'members' WHEN 'MembersRemoved' THEN 'members' END)
