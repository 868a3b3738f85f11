#!/usr/bin/env bash
# Good guess: what is put into run.summary after the last run.log stays there: a trainer logs its curve with step=, evaluates the
#   finished SAE, sets summary["explained_variance"], and tables of runs show that number.
# What happens: with step= a row stays open, because more may be logged at that step. It is closed when the run ends, and then its values
#   go over the summary: what was set explicitly is gone, although run.summary gives it back until the end. Names that were never logged
#   stay, and so does everything without step=, or where the last row is closed with commit=True: two trainers that set the same summary
#   in the same way end with a measured one and with the last batch's.
# Versions: wandb 0.31.0, offline.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export WANDB_MODE=offline WANDB_DIR=$work
python3 -m venv venv
venv/bin/pip install -q --no-compile wandb==0.31.0
cat >run.py <<'PY'
import sys
import wandb

how = sys.argv[1]
options = {"step": {"step": 1}, "step-committed": {"step": 1, "commit": True}, "no-step": {}}[how]
with wandb.init(project="saes", name=how) as run:
    run.log({"explained_variance": 0.5}, **options)
    run.summary["explained_variance"] = 0.75
    run.summary["held_out"] = 0.625
    print("before the end:", run.summary["explained_variance"], run.summary["held_out"])
PY
for how in step step-committed no-step; do
  venv/bin/python run.py $how >$how.txt 2>&1
  echo "$how: $(grep '^before' $how.txt); at the end:" $(sed -n '/Run summary/,/^wandb: *$/p' $how.txt | sed 's/^wandb: *//' | tail -n +2)
  grep -q '^before the end: 0.75 0.625$' $how.txt
  grep -Eq '^wandb: +held_out 0.625$' $how.txt
done
grep -Eq '^wandb: explained_variance 0.5$' step.txt
grep -Eq '^wandb: explained_variance 0.75$' step-committed.txt
grep -Eq '^wandb: explained_variance 0.75$' no-step.txt
