"""One file a verb: its flags, the stages that it calls, its exit code."""
