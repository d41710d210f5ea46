-- count_erased: how many subjects of each organization were erased.
  SELECT organization_id, count(*)
    FROM eventstore.erased_subjects
GROUP BY organization_id
