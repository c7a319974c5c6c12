#!/usr/bin/env python3
"""An agent that knows nothing of Mission Control: it prints what it does, and its exit code says how it went."""

import sys
import time

for batch in range(1, 4):
    print(f"importing batch {batch} of 3", flush=True)
    time.sleep(0.6)
sys.exit(0)
