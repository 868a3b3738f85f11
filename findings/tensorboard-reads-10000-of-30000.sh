#!/usr/bin/env bash
# Good guess: EventAccumulator(folder).Scalars("loss") is every value that was logged.
# What happens: it is 10,000 of them, drawn by chance (from a fixed seed), and the last one, without a word: of 30,000 steps two thirds are missing, the first among
#   them. A loss that leaps at one step is not seen, the lowest value is not the lowest, and two runs of different length are thinned differently.
#   size_guidance={"scalars": 0} keeps all.
# Versions: tensorboard 2.21.0, tensorboardX 2.6.5. The same folder with size_guidance, and one of 10,000 steps, are the controls.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q tensorboard==2.21.0 tensorboardX==2.6.5 setuptools==80.9.0
cat > "$work/read.py" <<'PY'
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboardX import SummaryWriter


def read(name, steps, **how):
    folder = f"{sys.argv[1]}/{name}"
    with SummaryWriter(folder) as writer:
        for step in range(steps):
            writer.add_scalar("loss", 9.0 if step in (1000, 2000) else 1 / (step + 1), step)
    found = EventAccumulator(folder, **how)
    found.Reload()
    return found.Scalars("loss")


most, all_, short = read("long", 30_000), read("all", 30_000, size_guidance={"scalars": 0}), read("short", 10_000)
for name, found in (("30,000 steps", most), ("all kept", all_), ("10,000 steps", short)):
    leaps = [event.step for event in found if event.value > 2]
    print(f"{name}: {len(found)} values from step {found[0].step} to {found[-1].step}, leaps at {leaps}")
assert len(most) == 10_000 and most[0].step > 0 and most[-1].step == 29_999
assert len(all_) == 30_000 and len(short) == 10_000
assert sum(event.value > 2 for event in all_) == sum(event.value > 2 for event in short) == 2
assert sum(event.value > 2 for event in most) < 2
PY
PYTHONWARNINGS=ignore "$work/venv/bin/python" "$work/read.py" "$work" 2>&1 | grep -v NOT_FOUND
