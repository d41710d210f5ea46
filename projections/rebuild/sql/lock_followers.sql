-- lock_followers: wait until no follower writes. None can advance its checkpoint until the transaction ends.
LOCK TABLE followers.checkpoints IN EXCLUSIVE MODE
