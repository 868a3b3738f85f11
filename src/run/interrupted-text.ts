/** What an interrupted stage comes to, in words: `interrupted at step 450 of 900; the same command goes on from there`. */
import type { StageInterrupted } from "./event.ts"

const reachedText = ({ done, total, unit }: NonNullable<StageInterrupted["reached"]>): string =>
  unit === "steps" ? `step ${done} of ${total}` : `${done} of ${total} ${unit}`

export const interruptedText = ({
  reached,
  from,
  resumes
}: Pick<StageInterrupted, "reached" | "from" | "resumes">): string => {
  const where = reached === null ? "interrupted" : `interrupted at ${reachedText(reached)}`
  if (!resumes) return `${where}; it has no checkpoint, and begins anew`
  if (from === null) return `${where}; the same command goes on from its checkpoint`
  const there = reached?.done === from.done && reached.unit === from.unit
  return `${where}; the same command goes on from ${there ? "there" : reachedText(from)}`
}
