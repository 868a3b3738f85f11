"""
A batch system of one machine for the tests of the executor `command`: `queue.py FOLDER submit SCRIPT OUTPUT`, `status`,
`cancel ID...`. At most two jobs run at a time, the others wait; a job leads a process group, which a cancellation ends.
"""
import os
import signal
import subprocess
import sys
import time

folder, action, *args = sys.argv[1:]
os.makedirs(folder, exist_ok=True)
SLOTS = 2


def path(job, name):
    return os.path.join(folder, f"{job}.{name}")


def read(job, name):
    try:
        with open(path(job, name)) as file:
            return file.read()
    except FileNotFoundError:
        return None


def write(job, name, text):
    with open(path(job, name), "w") as file:
        file.write(text)


def jobs():
    return sorted(int(name.split(".")[0]) for name in os.listdir(folder) if name.endswith(".script"))


def has_ended(job):
    return read(job, "ended") is not None


def serve(job):
    """Waits for a slot, runs the script, notes its end. A process of its own for each job."""
    while sum(read(other, "pid") is not None and not has_ended(other) for other in jobs() if other < job) >= SLOTS:
        time.sleep(0.05)
    if not has_ended(job):
        with open(read(job, "output"), "a") as output:
            child = subprocess.Popen(
                ["/bin/sh", read(job, "script")], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        write(job, "pid", str(child.pid))
        child.wait()
    write(job, "ended", "")


if action == "submit":
    script, output = args
    job = max(jobs(), default=0) + 1
    write(job, "output", output)
    write(job, "script", script)
    if os.fork() == 0:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        serve(job)
        os._exit(0)
    print(f"Job <{job}> is submitted.")
elif action == "status":
    for job in jobs():
        if not has_ended(job):
            print(job, "R" if read(job, "pid") else "Q")
elif action == "cancel":
    for job in map(int, args):
        pid = read(job, "pid")
        if pid is None:
            write(job, "ended", "")
        elif not has_ended(job):
            os.killpg(int(pid), signal.SIGTERM)
else:
    sys.exit(f"unknown: {action}")
