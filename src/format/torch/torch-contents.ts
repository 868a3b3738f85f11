/** What a file of PyTorch's holds, whichever of its two layouts it has. */
import type { Pickled, PickledStorage, StorageDtype } from "./pickled-values.ts"

/** Bytes of a number. */
export const itemBytes: Readonly<Record<StorageDtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1
}

/** A pickle of a state dict is a few kB; 64 MiB is a limit on what is interpreted. */
export const maxPickleBytes = 2 ** 26

export interface StoredBytes {
  readonly size: number
  /** In a buffer of their own. Rejects with an `ArtifactError`. */
  readonly read: () => Promise<Uint8Array<ArrayBuffer>>
}

export interface TorchContents {
  readonly value: Pickled
  /** undefined: the file does not hold it. */
  readonly storage: (storage: PickledStorage) => StoredBytes | undefined
}
