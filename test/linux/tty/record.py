"""Records golden.txt: every case of cases.txt under a real pseudo-terminal. See README.md."""
import fcntl
import os
import pty
import re
import select
import struct
import termios
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "../../../programs/terminal/terminal")
SETTINGS = [0o2400 | 0o40000, 0o5, 0o277, 0o105073, 15, 15]
CONTROL = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0]


def keys_of(text):
    """[(delay in seconds, byte), ...]"""
    keys, delay = [], 0.0
    for token in re.findall(r"~\d+~|\\x[0-9a-f]{2}|\\.|\^.|.", text):
        if token[0] == "~":
            delay = int(token[1:-1]) / 1000
            continue
        if token.startswith("\\x"):
            byte = int(token[2:], 16)
        elif token[0] == "\\":
            byte = {"n": 10, "r": 13, "t": 9, "e": 27, "\\": 92, "s": 32}[token[1]]
        elif token[0] == "^":
            byte = 94 if token[1] == "^" else ord(token[1]) ^ 64
        else:
            byte = ord(token)
        keys.append((delay, byte))
        delay = 0.0
    return keys


def run(words, batches):
    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[:6] = SETTINGS
    attributes[6] = [bytes([b]) for b in CONTROL] + attributes[6][19:]
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    pid = os.fork()
    if pid == 0:
        os.close(master)
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in range(3):
            os.dup2(slave, fd)
        os.execv(PROGRAM, ["terminal", *words])
    os.close(slave)
    out, played, status = b"", 0, None

    def listen(seconds):
        nonlocal out, status
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            ready = select.select([master], [], [], max(0, left))[0]
            if ready:
                try:
                    part = os.read(master, 65536)
                except OSError:
                    part = b""
                if not part:
                    return False
                out += part
            elif left <= 0:
                return True

    limit = time.monotonic() + 20
    open_end = True
    while open_end and time.monotonic() < limit:
        if b"<%d>" % (played + 1) in out and played < len(batches):
            time.sleep(0.05)
            together = b""
            for delay, byte in keys_of(batches[played]):
                if delay:
                    os.write(master, together) if together else None
                    together = b""
                    open_end = listen(delay)
                together += bytes([byte])
            if together:
                os.write(master, together)
            played += 1
        else:
            open_end = listen(0.02)
    if time.monotonic() >= limit:
        raise SystemExit(f"hangs: {words} {out}")
    status = os.waitpid(pid, 0)[1]
    os.close(master)
    return out, os.waitstatus_to_exitcode(status)


def shown(out):
    return "".join(chr(b) if 32 <= b < 127 and b != 92 else {10: "\\n", 13: "\\r", 92: "\\\\"}.get(b, "\\x%02x" % b) for b in out)


with open(os.path.join(HERE, "cases.txt")) as source, open(os.path.join(HERE, "golden.txt"), "w") as golden:
    for case in source.read().split("\n"):
        if case == "" or case[0] == "#":
            continue
        program, *batches = case.split(" | ")
        name, words = program.split(": ", 1)
        out, code = run(words.split(" "), batches)
        golden.write(f"{name}: {shown(out)} {'exit' if code >= 0 else 'signal'} {abs(code)}\n")
