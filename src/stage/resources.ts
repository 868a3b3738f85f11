/** What a stage needs of the machine while it runs. */
export interface Resources {
  readonly gpu?: number
  /** Bytes. */
  readonly vram?: number
  readonly memory?: number
  readonly disk?: number
}
