/** What became of reference files: a table by family, and whether anything came out wrong without a word. */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"

const outcomes = ["right", "refused", "refused, though valid", "read, though to be refused", "silently wrong"] as const
type Outcome = (typeof outcomes)[number]

export interface Reference {
  readonly folder: string
  readonly family: string
  /** Why it has to be refused; undefined where it is valid. */
  readonly refused?: string | undefined
}

/** What was read: `difference` is the largest from the library's values, undefined where none had to be compared. */
export interface Read {
  readonly difference: number | undefined
  readonly warnings?: ReadonlyArray<string>
}

export interface Tally {
  /** Counts one file, and prints it where it is not as it should be, or with `verbose`. */
  readonly add: (reference: Reference, exit: Exit.Exit<Read, unknown>) => void
  /** Prints the table, and sets the exit code: 1 where anything is silently wrong, or was read though to be refused. */
  readonly end: () => void
}

/** @param tolerance largest difference of a file that is right */
export const makeTally = (tolerance: number, verbose: boolean): Tally => {
  const table = new Map<string, Record<Outcome, number>>()
  let worst = 0

  const judge = ({ refused }: Reference, exit: Exit.Exit<Read, unknown>): readonly [Outcome, string] => {
    if (Exit.isFailure(exit)) {
      const problems = Cause.prettyErrors(exit.cause).map(({ message }) => message)
      return [refused === undefined ? "refused, though valid" : "refused", problems.join("; ")]
    }
    const { difference, warnings = [] } = exit.value
    const told = warnings.map((warning) => `warning: ${warning}`)
    if (refused !== undefined) return ["read, though to be refused", [refused, ...told].join("; ")]
    // No difference, or NaN, is not a small one.
    const right = difference !== undefined && difference <= tolerance
    if (right) worst = Math.max(worst, difference)
    return [right ? "right" : "silently wrong", [difference?.toExponential(1) ?? "not compared", ...told].join("; ")]
  }

  const sum = (outcome: Outcome): number => [...table.values()].reduce((total, row) => total + row[outcome], 0)

  return {
    add: (reference, exit) => {
      const [outcome, detail] = judge(reference, exit)
      const row =
        table.get(reference.family) ?? (Object.fromEntries(outcomes.map((one) => [one, 0])) as Record<Outcome, number>)
      row[outcome] += 1
      table.set(reference.family, row)
      if (verbose || outcome.includes("though") || outcome === "silently wrong") {
        process.stdout.write(`${reference.folder}: ${outcome} (${detail})\n`)
      }
    },
    end: () => {
      process.stdout.write(`| | ${outcomes.join(" | ")} |\n|---|${outcomes.map(() => "---:|").join("")}\n`)
      for (const [family, row] of table) {
        process.stdout.write(`| ${family} | ${outcomes.map((one) => row[one]).join(" | ")} |\n`)
      }
      process.stdout.write(`| all | ${outcomes.map(sum).join(" | ")} |\n`)
      process.stdout.write(`largest difference of those that are right: ${worst.toExponential(1)}\n`)
      process.exitCode = sum("silently wrong") + sum("read, though to be refused") > 0 ? 1 : 0
    }
  }
}
