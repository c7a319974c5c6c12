"""Tests of the Python client. Those of `test_real_*` run a real server, named by MISSION_CONTROL_BIN."""
