/** Numbers and shares as the page's own tables write them. */
export const numberText = (value: number): string => {
  const size = Math.abs(value)
  if (Number.isInteger(value)) return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",")
  if (size < 1e-3) return value.toExponential(1)
  return value.toFixed(size < 10 ? 3 : size < 100 ? 2 : 1)
}

export const percentText = (share: number): string =>
  share === 0 || share === 1 ? `${100 * share} %` : `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`
