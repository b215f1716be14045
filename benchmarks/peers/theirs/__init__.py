"""Programs for the environment of the peers; nothing of ours is imported here."""
