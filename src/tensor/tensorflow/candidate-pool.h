// Latents that may be among a row's, or a batch's, largest, by lower and upper bounds of their values.
#pragma once

#include <cmath>
#include <vector>

#include "ops.h"

namespace {

// Latents of a row, ascending.
struct Hits {
  std::vector<int> latent;
  // Bounds of their values, where somebody asks for them.
  std::vector<float> high, low;
  int n = 0;

  void MakeRoom(int more, bool bounds) {
    if (n + more <= static_cast<int>(latent.size())) return;
    const int64_t room = std::max<int64_t>(256, 2 * (n + more));
    latent.resize(room);
    if (!bounds) return;
    high.resize(room);
    low.resize(room);
  }

  // Without those that stay below.
  void Filter(float least) { n = (IsWide() ? FilterWide : FilterNarrow)(latent.data(), high.data(), low.data(), n, least); }

 private:
  static int FilterNarrow(int* latent, float* high, float* low, int n, float least) {
    int kept = 0;
    for (int i = 0; i < n; ++i) {
      latent[kept] = latent[i];
      high[kept] = high[i];
      low[kept] = low[i];
      kept += !(high[i] < least);
    }
    return kept;
  }
#ifdef __x86_64__
  // Stores of whole vectors: what they write behind the kept ones was read before.
  WIDE static int FilterWide(int* latent, float* high, float* low, int n, float least) {
    int kept = 0, i = 0;
    for (; i + 16 <= n; i += 16) {
      const __m512 highs = _mm512_loadu_ps(high + i);
      const __mmask16 stay = _mm512_cmp_ps_mask(highs, _mm512_set1_ps(least), _CMP_NLT_UQ);
      _mm512_storeu_si512(latent + kept, _mm512_maskz_compress_epi32(stay, _mm512_loadu_si512(latent + i)));
      _mm512_storeu_ps(low + kept, _mm512_maskz_compress_ps(stay, _mm512_loadu_ps(low + i)));
      _mm512_storeu_ps(high + kept, _mm512_maskz_compress_ps(stay, highs));
      kept += __builtin_popcount(stay);
    }
    for (; i < n; ++i) {
      latent[kept] = latent[i];
      low[kept] = low[i];
      high[kept] = high[i];
      kept += !(high[i] < least);
    }
    return kept;
  }
#else
  static int FilterWide(int* latent, float* high, float* low, int n, float least) {
    return FilterNarrow(latent, high, low, n, least);
  }
#endif
};

INLINED int64_t CountReaching(const int* key, int64_t n, int least) {
  int count = 0;
#pragma omp simd reduction(+ : count)
  for (int64_t i = 0; i < n; ++i) count += key[i] >= least;
  return count;
}
WIDE inline int64_t CountReachingWide(const int* key, int64_t n, int least) { return CountReaching(key, n, least); }
inline int64_t CountReachingNarrow(const int* key, int64_t n, int least) { return CountReaching(key, n, least); }

// Bits of floats as integers in the same order, and back.
INLINED int Flipped(int bits) { return bits ^ (bits >> 31 & 0x7fffffff); }
INLINED int BitsOf(float value) {
  int bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

INLINED void AddKeys(const float* values, int64_t n, int* to) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) to[i] = Flipped(BitsOf(values[i]));
}
WIDE inline void AddKeysWide(const float* values, int64_t n, int* to) { AddKeys(values, n, to); }
inline void AddKeysNarrow(const float* values, int64_t n, int* to) { AddKeys(values, n, to); }

// Finds the nth largest of numbers without a NaN, halving the range of what it may be.
class NthLargest {
 public:
  void Clear() { size_ = 0; }
  int64_t Size() const { return size_; }

  void Add(const float* values, int64_t n) {
    if (static_cast<int64_t>(keys_.size()) < size_ + n + kLanes) keys_.resize(2 * (size_ + n) + kLanes);
    (IsWide() ? AddKeysWide : AddKeysNarrow)(values, n, keys_.data() + size_);
    size_ += n;
  }

  float Find(int64_t wanted) const {
    const auto count = IsWide() ? CountReachingWide : CountReachingNarrow;
    int least = keys_[0], most = keys_[0];
#pragma omp simd reduction(min : least) reduction(max : most)
    for (int64_t i = 0; i < size_; ++i) {
      least = std::min(least, keys_[i]);
      most = std::max(most, keys_[i]);
    }
    int64_t from = least, to = most;
    while (from < to) {
      const int64_t middle = from + (to - from + 1) / 2;
      if (count(keys_.data(), size_, middle) >= wanted) from = middle;
      else to = middle - 1;
    }
    const int bits = Flipped(from);
    float value;
    std::memcpy(&value, &bits, 4);
    return value;
  }

 private:
  std::vector<int> keys_;
  int64_t size_ = 0;
};

// Of the hits of some rows together those among which the `wanted` largest are, if these reach the floor.
struct Pool {
  int64_t wanted;
  // What upper bounds have to reach: a guess, or what so many lower bounds do.
  float floor = kLowest;
  std::vector<Hits> rows = {};
  int64_t total = 0, full = 0;

  void Begin(float least) {
    floor = least;
    for (Hits& each : rows) each.n = 0;
    total = 0;
    full = 512 * rows.size();
  }

  // Those that are out by now are removed when there are so many.
  void SettleWhereFull(NthLargest& lows) {
    if (total < full) return;
    Settle(lows);
    full = std::max<int64_t>(512 * rows.size(), 2 * total);
  }

  // Returns what as many lower bounds reach as are wanted: kLowest where there are fewer.
  float Settle(NthLargest& lows) {
    if (total < wanted) return kLowest;
    lows.Clear();
    for (const Hits& each : rows) lows.Add(each.low.data(), each.n);
    const float reached = lows.Find(wanted);
    if (!(reached > floor)) return reached;
    floor = reached;
    total = 0;
    for (Hits& each : rows) {
      each.Filter(floor);
      total += each.n;
    }
    return reached;
  }
};

}  // namespace
