// Products of rows with latents, tile by tile: 6 rows and 64 latents at a time, so that whoever uses them does so while they
// are in cache. In f32 every product is one sum of fused steps in the order of the columns, the same bits whatever the
// vectors are; bfloat16 and integers (on operands rounded to them, see rounded-rows.h) are for estimates.
#pragma once

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "ops.h"

namespace {

constexpr int kTileRows = 6, kPanel = 64;

// kAuto512: kByte512 or kShort512, whichever is worth more.
enum class By { kFloat, kFloat512, kHalf512, kShort, kShort512, kByte512, kAuto512 };

// Latents whose words stand side by side in a panel: what a kernel reads one after the other.
inline int StripOf(By by) { return by == By::kFloat || by == By::kShort ? 16 : kPanel; }

// Memory that is written before it is read, in whole lines of the cache: vectors that cross them take twice as long.
struct Words {
  struct Free {
    void operator()(uint32_t* at) const { std::free(at); }
  };
  std::unique_ptr<uint32_t[], Free> owned;
  void Make(int64_t n) { owned.reset(static_cast<uint32_t*>(std::aligned_alloc(64, (4 * n + 63) / 64 * 64))); }
  uint32_t* at(int64_t i) const { return owned.get() + i; }
};

inline bool CpuHas(By by) {
#ifdef __x86_64__
  if (by == By::kFloat512) return __builtin_cpu_supports("avx512f");
  if (by == By::kHalf512) return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bf16");
  if (by >= By::kShort512) return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vnni");
  if (by == By::kShort) return true;
#endif
  return by == By::kFloat;
}

inline bool InIntegers(By by) { return by == By::kShort || by == By::kShort512 || by == By::kByte512; }

// Columns of a word: one f32, two bfloat16 or integers of 16 bits, four of 8.
inline int ColumnsOf(By by) { return by == By::kByte512 ? 4 : by == By::kFloat || by == By::kFloat512 ? 1 : 2; }
inline int WordsOf(By by, int d) { return (d + ColumnsOf(by) - 1) / ColumnsOf(by); }

#ifdef __x86_64__
// sums + w x of 16 latents, of a row's word.
template <By by>
__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16,avx512vnni"))) inline __m512i Step512(__m512i sums, __m512i w,
                                                                                                 __m512i x) {
  if constexpr (by == By::kByte512) return _mm512_dpbusd_epi32(sums, w, x);
  if constexpr (by == By::kShort512) return _mm512_dpwssd_epi32(sums, w, x);
  const __m512 so = _mm512_castsi512_ps(sums);
  if constexpr (by == By::kHalf512) return _mm512_castps_si512(_mm512_dpbf16_ps(so, (__m512bh)w, (__m512bh)x));
  return _mm512_castps_si512(_mm512_fmadd_ps(_mm512_castsi512_ps(w), _mm512_castsi512_ps(x), so));
}

// Integers are stored as they are. Of bytes, latents have 128 added to each of their numbers, and rows 128 times the sum of theirs
// after the last word.
template <By by>
__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16,avx512vnni"))) inline void Tile512(const uint32_t* const* rows,
                                                                                              const uint32_t* panel,
                                                                                              int words, float* out,
                                                                                              bool onward) {
  __m512i sums[kTileRows][4];
#pragma GCC unroll 16
  for (int r = 0; r < kTileRows; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < 4; ++v)
      sums[r][v] = onward ? _mm512_loadu_si512(out + r * kPanel + 16 * v) : _mm512_setzero_si512();
  for (int k = 0; k < words; ++k) {
    __m512i w[4];
#pragma GCC unroll 8
    for (int v = 0; v < 4; ++v) w[v] = _mm512_loadu_si512(panel + static_cast<int64_t>(k) * kPanel + 16 * v);
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) {
      const __m512i x = _mm512_set1_epi32(rows[r][k]);
#pragma GCC unroll 8
      for (int v = 0; v < 4; ++v) sums[r][v] = Step512<by>(sums[r][v], w[v], x);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < 4; ++v) {
      _mm512_storeu_si512(out + r * kPanel + 16 * v, sums[r][v]);
    }
  }
}

inline void TileFloat(const uint32_t* const* rows, const uint32_t* panel, int words, float* out, bool onward) {
  for (int s = 0; s < kPanel; s += 16) {
    __m256 sums[kTileRows][2];
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) {
      sums[r][0] = onward ? _mm256_loadu_ps(out + r * kPanel + s) : _mm256_setzero_ps();
      sums[r][1] = onward ? _mm256_loadu_ps(out + r * kPanel + s + 8) : _mm256_setzero_ps();
    }
    for (int k = 0; k < words; ++k) {
      const float* at = reinterpret_cast<const float*>(panel) + static_cast<int64_t>(s) * words + k * 16;
      const __m256 a = _mm256_loadu_ps(at), b = _mm256_loadu_ps(at + 8);
#pragma GCC unroll 16
      for (int r = 0; r < kTileRows; ++r) {
        const __m256 x = _mm256_broadcast_ss(reinterpret_cast<const float*>(rows[r]) + k);
        sums[r][0] = _mm256_fmadd_ps(a, x, sums[r][0]);
        sums[r][1] = _mm256_fmadd_ps(b, x, sums[r][1]);
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) {
      _mm256_storeu_ps(out + r * kPanel + s, sums[r][0]);
      _mm256_storeu_ps(out + r * kPanel + s + 8, sums[r][1]);
    }
  }
}

inline void TileShort(const uint32_t* const* rows, const uint32_t* panel, int words, float* out) {
  for (int s = 0; s < kPanel; s += 16) {
    __m256i sums[kTileRows][2];
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) sums[r][0] = sums[r][1] = _mm256_setzero_si256();
    for (int k = 0; k < words; ++k) {
      const __m256i* at = reinterpret_cast<const __m256i*>(panel + static_cast<int64_t>(s) * words + k * 16);
      const __m256i a = _mm256_loadu_si256(at), b = _mm256_loadu_si256(at + 1);
#pragma GCC unroll 16
      for (int r = 0; r < kTileRows; ++r) {
        const __m256i x = _mm256_set1_epi32(rows[r][k]);
        sums[r][0] = _mm256_add_epi32(sums[r][0], _mm256_madd_epi16(a, x));
        sums[r][1] = _mm256_add_epi32(sums[r][1], _mm256_madd_epi16(b, x));
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < kTileRows; ++r) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + r * kPanel + s), sums[r][0]);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + r * kPanel + s + 8), sums[r][1]);
    }
  }
}
#else
inline void TileFloat(const uint32_t* const* rows, const uint32_t* panel, int words, float* out, bool onward) {
  for (int s = 0; s < kPanel; s += 16) {
    float sums[kTileRows][16] = {};
    if (onward)
      for (int r = 0; r < kTileRows; ++r) std::copy_n(out + r * kPanel + s, 16, sums[r]);
    for (int k = 0; k < words; ++k) {
      const float* w = reinterpret_cast<const float*>(panel) + static_cast<int64_t>(s) * words + k * 16;
      for (int r = 0; r < kTileRows; ++r) {
        const float x = reinterpret_cast<const float*>(rows[r])[k];
#pragma omp simd
        for (int l = 0; l < 16; ++l) sums[r][l] = __builtin_fmaf(w[l], x, sums[r][l]);
      }
    }
    for (int r = 0; r < kTileRows; ++r) std::copy_n(sums[r], 16, out + r * kPanel + s);
  }
}
#endif

// [kTileRows, kPanel] products of rows of words with a panel: of integers as integers of 32 bits. `onward`: in f32, the sums go on
// from those of the columns before, which `out` holds.
inline void Tile(By by, const uint32_t* const* rows, const uint32_t* panel, int words, float* out, bool onward = false) {
#ifdef __x86_64__
  if (by == By::kFloat512) return Tile512<By::kFloat512>(rows, panel, words, out, onward);
  if (by == By::kHalf512) return Tile512<By::kHalf512>(rows, panel, words, out, false);
  if (by == By::kShort512) return Tile512<By::kShort512>(rows, panel, words, out, false);
  if (by == By::kByte512) return Tile512<By::kByte512>(rows, panel, words, out, false);
  if (by == By::kShort) return TileShort(rows, panel, words, out);
#endif
  TileFloat(rows, panel, words, out, onward);
}

// Rows of words [kPanel, words] to a panel of strips [words, strip]; rows that are not there count as zeros.
inline void Transpose(By by, const uint32_t* const* rows, int present, int words, uint32_t* panel) {
  const int strip = StripOf(by);
  for (int l = 0; l < kPanel; l += 8) {
    uint32_t* to = panel + static_cast<int64_t>(l / strip) * strip * words + l % strip;
    int k = 0;
#ifdef __x86_64__
    for (; l + 8 <= present && k + 8 <= words; k += 8) {
      __m256 r[8], s[8], t[8];
      for (int i = 0; i < 8; ++i) r[i] = _mm256_loadu_ps(reinterpret_cast<const float*>(rows[l + i]) + k);
      for (int i = 0; i < 8; i += 2) {
        s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
      }
      for (int i = 0; i < 8; i += 4) {
        t[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
        t[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xee);
        t[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
        t[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xee);
      }
      for (int i = 0; i < 4; ++i) {
        float* at = reinterpret_cast<float*>(to) + static_cast<int64_t>(k + i) * strip;
        _mm256_storeu_ps(at, _mm256_permute2f128_ps(t[i], t[i + 4], 0x20));
        _mm256_storeu_ps(at + 4 * strip, _mm256_permute2f128_ps(t[i], t[i + 4], 0x31));
      }
    }
#endif
    for (; k < words; ++k)
      for (int i = 0; i < 8; ++i) to[static_cast<int64_t>(k) * strip + i] = l + i < present ? rows[l + i][k] : 0;
  }
}

inline int PanelsOf(int64_t m) { return (m + kPanel - 1) / kPanel; }

}  // namespace
