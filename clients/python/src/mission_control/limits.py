"""What a server takes by its default settings, and what this side holds. Sizes are bytes, times seconds."""

from typing import Final

REPORTS_IN_BATCH_MAX: Final = 1_000
# A server takes 512 KiB; what proxies add to a request stays well below the difference.
BATCH_BYTES_MAX: Final = 384 * 1024
# A server cuts at 4,096 and says so in the event. Four more bytes are sent, so that it has something to cut.
MESSAGE_BYTES_MAX: Final = 4_100
ID_CHARS_MAX: Final = 128
LABELS_MAX: Final = 16
LABEL_BYTES_MAX: Final = 64
LEASE_MIN: Final = 1.0
LEASE_MAX: Final = 3_600.0
LEASE_DEFAULT: Final = 90.0
BUSY_MAX: Final = 24 * 3_600.0

# What waits in the memory of a process.
QUEUE_REPORTS_MAX: Final = 10_000
QUEUE_BYTES_MAX: Final = 16 * 1024 * 1024
# What waits on the disk, for each server and holder of tokens.
SPOOL_BYTES_MAX: Final = 64 * 1024 * 1024

REQUEST_WITHIN: Final = 10.0
ANSWER_BYTES_MAX: Final = 2 * 1024 * 1024
CLOSE_WITHIN: Final = 2.0
