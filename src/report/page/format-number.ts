/** Numbers as text, the same on every machine: no locale. */

/** `0.8731`, `12.4`, `1,024`, `3.1e-5`: about four significant digits. */
export const formatNumber = (value: number): string => {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (Number.isInteger(value)) return formatInteger(value)
  if (size < 1e-3) return value.toExponential(1)
  if (size < 1) return value.toFixed(4)
  if (size < 10) return value.toFixed(3)
  if (size < 100) return value.toFixed(2)
  return size < 10_000 ? value.toFixed(1) : formatInteger(Math.round(value))
}

/** A round number as short as it can be: `0.2`, `1,500`, `2e-5`. */
export const formatTick = (value: number): string =>
  Number.isInteger(value)
    ? formatInteger(value)
    : Math.abs(value) < 1e-3
      ? value.toExponential()
      : String(Number(value.toPrecision(6)))

/** Thousands separated by commas. */
export const formatInteger = (value: number): string => {
  const digits = String(Math.abs(value)).replaceAll(/\B(?=(\d{3})+(?!\d))/g, ",")
  return value < 0 ? `-${digits}` : digits
}

export const formatPercent = (share: number): string =>
  `${(100 * share).toFixed(share !== 0 && Math.abs(share) < 0.1 ? 2 : 1)} %`

/** `0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`. */
export const formatSeconds = (seconds: number): string => {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`
  const minutes = Math.round(whole / 60)
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`
}

/** `512 B`, `3.4 MB`, `1.2 GB`: powers of 1000. */
export const formatBytes = (bytes: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"]
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power] ?? ""}`
}
