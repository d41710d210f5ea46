-- count_open_holds: how many holds wait for a decision, over all organizations.
SELECT count(*) FROM directory.holds WHERE state = 'open'
