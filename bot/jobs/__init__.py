"""From an accepted request to a picture on disk: whose turn it is, one job's course, the gate."""
