/**
 * Files of SAEs and of arrays, for programs and for stage kinds.
 *
 * @module sae-pipeline/formats
 */
export { openSafetensors, encodeSafetensors } from "../format/safetensors.ts"
export { decodeNpy, encodeNpy } from "../format/npy.ts"
export { convertSae } from "../kinds/sae/convert-sae.ts"
export { isRefused, SaeRefused } from "../kinds/sae/latents/sae-refused.ts"
export { diskFolder } from "../kinds/sae/files/disk-folder.ts"
export { formatNames, writableNames } from "../kinds/sae/format-names.ts"
export { detectFormat, formats, readAnySae } from "../kinds/sae/formats.ts"
export { artifactFolder } from "../kinds/sae/files/sae-folder.ts"
export type { SaeFolder } from "../kinds/sae/files/sae-folder.ts"
export type { SaeFormat } from "../kinds/sae/files/sae-format.ts"
export type { StoredLatents, StoredSae } from "../kinds/sae/stored/stored-sae.ts"
