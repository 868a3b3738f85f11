/**
 * How glibc hands out memory in a worker; other systems ignore it, and what is set already stays.
 *
 * Large pages: a step of training writes matrices of 100 MB into fresh memory again and again, and with pages of 4 KiB a tenth of
 * it goes into getting them. The threshold: what is larger goes back to the system when it is freed. By itself glibc raises it to
 * 32 MiB as matrices are freed, and keeps them between what lives on: a twelfth more at a training run's peak.
 */
export const memorySettings: Readonly<Record<string, string>> =
  process.platform === "linux"
    ? { GLIBC_TUNABLES: `glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=${2 ** 20}` }
    : {}
