/** A place in a file that a person wrote. Lines and columns count from 1. */
export interface Location {
  readonly file: string
  readonly line: number
  readonly col: number
}

export const formatLocation = (at: Location): string => `${at.file}:${at.line}:${at.col}`
