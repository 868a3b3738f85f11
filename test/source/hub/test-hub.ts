/** What a test sees and sets of the hub that it runs. */
export interface TestRepo {
  readonly type?: "model" | "dataset"
  /** Branches and tags to commits. */
  readonly refs: Record<string, string>
  /** Commit to files by path. */
  readonly commits: Record<string, Readonly<Record<string, string | Buffer>>>
  /** Contents want a token of somebody who accepted the terms; with `private`, everything does. */
  readonly access?: "gated" | "private"
}

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly range: string | undefined
  readonly authorization: string | undefined
  /** False where a request came to the place that large files are kept at. */
  readonly atHub: boolean
}

export interface Cut {
  readonly bytes: number
  readonly taken: () => boolean
}

export interface TestHub {
  readonly url: string
  /** Another origin, which large files come from. */
  readonly filesUrl: string
  readonly repos: Map<string, TestRepo>
  readonly requests: Array<SeenRequest>
  /** Tokens that may read what is gated or private. */
  readonly tokens: Set<string>
  /** Tokens that may write. */
  readonly writers: Set<string>
  /** Consumed one by one by answers with content: the connection is cut after so many bytes, when they are `taken`. */
  readonly cuts: Array<Cut>
  /** Turns a bit of every content that is sent. */
  damage: boolean
  /** Ignores ranges, as some proxies do. */
  wholeOnly: boolean
  readonly close: () => Promise<void>
}
