/** What a stage needs of the machine while it runs. */
export interface Resources {
  readonly gpu?: number
  /** Bytes, of each GPU. */
  readonly vram?: number
  readonly cpu?: number
  /** Bytes. */
  readonly memory?: number
  /** Bytes that it writes. */
  readonly disk?: number
}
