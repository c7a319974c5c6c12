"""Runs a program on a pseudo-terminal, for the tests of `watch_table.rs`.

terminal.py ROWS COLUMNS PROGRAM ARGUMENT…

What the program writes goes to standard output, byte for byte. Standard input takes one order a line:
`type TEXT` (with \\e for escape), `resize ROWS COLUMNS`, `signal NAME`. When the program has ended, one line
of JSON on standard error tells its exit code, and whether the terminal's modes are as they were before.
"""

import fcntl
import json
import os
import pty
import signal
import struct
import sys
import termios
import threading


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def inside(command, pids, told):
    """The leader of the session. It outlives the program: a terminal without a leader forgets its modes."""
    before = termios.tcgetattr(0)
    child = os.fork()
    if child == 0:
        os.execv(command[0], command)
    os.write(pids, f"{child}\n".encode())
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    restored = termios.tcgetattr(0) == before
    os.write(told, json.dumps({"code": code, "restored": restored}).encode())
    os._exit(0)


def obey(order, terminal, child):
    word, _, rest = order.rstrip("\n").partition(" ")
    if word == "type":
        os.write(terminal, rest.replace("\\e", "\x1b").encode())
    elif word == "resize":
        rows, columns = rest.split()
        resize(terminal, int(rows), int(columns))
    elif word == "signal":
        os.kill(child, getattr(signal, "SIG" + rest))
    else:
        raise ValueError(order)


def take_orders(terminal, child):
    for order in sys.stdin:
        obey(order, terminal, child)
    # The test is gone.
    os.kill(child, signal.SIGKILL)


def main():
    rows, columns, *command = sys.argv[1:]
    told = os.dup(2)
    from_leader, pids = os.pipe()
    leader, terminal = pty.fork()
    if leader == 0:
        resize(0, int(rows), int(columns))
        inside(command, pids, told)
    child = int(os.read(from_leader, 32))
    threading.Thread(target=take_orders, args=(terminal, child), daemon=True).start()
    while True:
        try:
            written = os.read(terminal, 65536)
        except OSError:
            # All of the program's side is closed.
            break
        os.write(1, written)
    os.waitpid(leader, 0)


main()
