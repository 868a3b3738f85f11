/** A place that a person wrote at. Lines and columns count from 1; line 0 is the whole of what `file` names. */
export interface Location {
  /** Path as the person knows it, or the command-line argument: `--set tokens=1e6`. */
  readonly file: string
  readonly line: number
  readonly col: number
}

/** `experiments/gemma.yaml:3:11`, or `--set tokens=1e6`. */
export const formatLocation = (at: Location): string => (at.line === 0 ? at.file : `${at.file}:${at.line}:${at.col}`)

/** Without the column, for the end of a sentence: `experiments/gemma.yaml:3`. */
export const formatLine = (at: Location): string => (at.line === 0 ? at.file : `${at.file}:${at.line}`)

/** What was given on the command line has no lines. */
export const onCommandLine = (argument: string): Location => ({ file: argument, line: 0, col: 0 })
