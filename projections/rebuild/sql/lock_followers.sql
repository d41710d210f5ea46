-- lock_followers: wait until no follower writes, and let none move its checkpoint until the transaction ends.
LOCK TABLE followers.checkpoints IN EXCLUSIVE MODE
