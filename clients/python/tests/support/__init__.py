"""What tests stand on: a real server, a door before it, programs as processes, and a courier without threads."""
