-- count_webhooks: how many webhooks there are, by state, and how many dead letters.
SELECT (SELECT count(*) FROM service.webhooks WHERE state = 'enabled' AND attempts > 0) AS failing,
       (SELECT count(*) FROM service.dead_letters) AS dead_letters
