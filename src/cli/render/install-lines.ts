/**
 * The progress of an installation, which is told twice a second: on a terminal in one line that is written over, elsewhere
 * a line for each step.
 */
import type { InstallProgress } from "../../tensor/tensorflow/install-step.ts"
import { formatBytes } from "./words.ts"

export interface InstallLines {
  readonly onProgress: (progress: InstallProgress) => void
  /** Before anything else is printed. */
  readonly close: () => void
}

export const installLines = (stream: {
  readonly isTTY?: boolean
  readonly write: (text: string) => unknown
}): InstallLines => {
  let last: string | undefined
  let open = false
  const close = (): void => {
    if (open) stream.write("\n")
    open = false
  }
  return {
    onProgress: ({ message, done, total }) => {
      if (stream.isTTY === true) {
        if (last !== message) close()
        const amount = done === undefined || total === undefined ? "" : ` ${formatBytes(done)} of ${formatBytes(total)}`
        stream.write(`\r\u001B[2K${message}${amount}`)
        open = true
      } else if (last !== message) stream.write(`${message}\n`)
      last = message
    },
    close
  }
}
