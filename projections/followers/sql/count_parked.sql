-- count_parked: how many streams are parked in a projection.
-- $1 projection text
SELECT count(*)
  FROM followers.parked_streams
 WHERE projection = $1
