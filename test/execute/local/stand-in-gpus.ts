/** A stand-in for nvidia-smi: a script that prints what a test says, for this process and for those that it starts. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { temporaryRoot } from "../../store/temporary-root.ts"

const SCRIPT = `#!/bin/sh
if [ -e "$0.fails" ]; then cat "$0.fails" >&2; exit 9; fi
case "$1" in
  --query-gpu=*) cat "$0.gpus" ;;
  --query-compute-apps=*) cat "$0.apps" ;;
  -L) cat "$0.list" ;;
esac
`

export interface StandInGpu {
  readonly uuid: string
  /** MiB. */
  readonly total: number
  readonly free: number
  /** pid -> MiB */
  readonly users?: Readonly<Record<number, number>>
  /** Lines of `nvidia-smi -L` below this GPU. */
  readonly slices?: ReadonlyArray<string>
}

export interface StandInGpus {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly set: (gpus: ReadonlyArray<StandInGpu>) => void
  /** From now on it fails with this on stderr. */
  readonly fail: (message: string) => void
  readonly remove: () => void
}

export const standInGpus = (gpus: ReadonlyArray<StandInGpu>): StandInGpus => {
  const folder = mkdtempSync(join(temporaryRoot, "gpus-"))
  const script = join(folder, "nvidia-smi")
  writeFileSync(script, SCRIPT)
  chmodSync(script, 0o755)
  const lines = (kind: string, of: ReadonlyArray<string>): void =>
    writeFileSync(`${script}.${kind}`, of.map((line) => `${line}\n`).join(""))
  const set = (now: ReadonlyArray<StandInGpu>): void => {
    lines(
      "gpus",
      now.map(({ uuid, total, free }, index) => `${index}, ${uuid}, ${total}, ${free}`)
    )
    lines(
      "apps",
      now.flatMap(({ uuid, users = {} }) => Object.entries(users).map(([pid, used]) => `${uuid}, ${pid}, ${used}`))
    )
    lines(
      "list",
      now.flatMap(({ uuid, slices = [] }, index) => [`GPU ${index}: NVIDIA A100 (UUID: ${uuid})`, ...slices])
    )
  }
  set(gpus)
  return {
    folder,
    env: { PIPELINE_NVIDIA_SMI: script, PIPELINE_GPU_LEASES: join(folder, "leases") },
    set,
    fail: (message) => writeFileSync(`${script}.fails`, message),
    remove: () => rmSync(folder, { recursive: true, force: true })
  }
}
