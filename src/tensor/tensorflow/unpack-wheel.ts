/** Takes files out of a wheel. A zip reader is the one thing that any Python brings along. */
import { dirname } from "node:path"
import { command } from "./install-step.ts"
import { python } from "./tensorflow-status.ts"

const UNPACK = `
import sys, zipfile
wheel, target, *wanted = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    names = [n for n in archive.namelist() if any(n == w or n.startswith(w) for w in wanted)]
    for w in wanted:
        if not any(n == w or n.startswith(w) for n in names):
            sys.exit("not in the wheel: " + w)
    archive.extractall(target, names)
`

/** @param wanted names of members, or what they begin with; one that is not there is an error */
export const unpackWheel = (wheel: string, target: string, wanted: ReadonlyArray<string>) =>
  command("unpacking the wheel", python(), ["-c", UNPACK, wheel, target, ...wanted], { cwd: dirname(target) })
