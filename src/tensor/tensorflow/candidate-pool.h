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
  void Filter(float least) {
    int kept = 0;
    for (int i = 0; i < n; ++i) {
      latent[kept] = latent[i];
      high[kept] = high[i];
      low[kept] = low[i];
      kept += !(high[i] < least);
    }
    n = kept;
  }
};

INLINED int64_t CountReaching(const int* key, int64_t n, int least) {
  int count = 0;
#pragma omp simd reduction(+ : count)
  for (int64_t i = 0; i < n; ++i) count += key[i] >= least;
  return count;
}
WIDE inline int64_t CountReachingWide(const int* key, int64_t n, int least) { return CountReaching(key, n, least); }
inline int64_t CountReachingNarrow(const int* key, int64_t n, int least) { return CountReaching(key, n, least); }

// Finds the nth largest of numbers without a NaN, halving the range of what it may be.
class NthLargest {
 public:
  void Clear() { keys_.clear(); }
  int64_t Size() const { return keys_.size(); }

  // Those that reach `least`.
  void Add(const float* values, int64_t n, float least = kLowest) {
    const int64_t from = keys_.size();
    keys_.resize(from + n);
    int* to = keys_.data() + from;
    for (int64_t i = 0; i < n; ++i) {
      *to = Flipped(Bits(values[i]));
      to += values[i] >= least;
    }
    keys_.resize(to - keys_.data());
  }

  float Find(int64_t wanted) const {
    const auto count = IsWide() ? CountReachingWide : CountReachingNarrow;
    const auto [least, most] = std::minmax_element(keys_.begin(), keys_.end());
    int64_t from = *least, to = *most;
    while (from < to) {
      const int64_t middle = from + (to - from + 1) / 2;
      if (count(keys_.data(), keys_.size(), middle) >= wanted) from = middle;
      else to = middle - 1;
    }
    const int bits = Flipped(from);
    float value;
    std::memcpy(&value, &bits, 4);
    return value;
  }

 private:
  static int Bits(float value) {
    int bits;
    std::memcpy(&bits, &value, 4);
    return bits;
  }
  // Between the bits of floats and integers in the same order.
  static int Flipped(int bits) { return bits ^ (bits >> 31 & 0x7fffffff); }

  std::vector<int> keys_;
};

// Of the hits of some rows together those among which the `wanted` largest are: no other one reaches the lower bounds of as many.
struct Pool {
  int64_t wanted;
  // What they have to reach; proved where so many lower bounds do.
  float least = kLowest;
  bool proved = false;
  std::vector<Hits> rows = {};
  int64_t total = 0, full = 0;

  // Those that are out by now are removed when there are so many.
  void SettleWhereFull(NthLargest& lows) {
    if (total < full) return;
    Settle(lows);
    full = std::max<int64_t>(512 * rows.size(), 2 * total);
  }

  void Settle(NthLargest& lows) {
    lows.Clear();
    for (const Hits& each : rows) lows.Add(each.low.data(), each.n, least);
    if (lows.Size() >= wanted) {
      least = lows.Find(wanted);
      proved = true;
    }
    total = 0;
    for (Hits& each : rows) {
      each.Filter(least);
      total += each.n;
    }
  }

  void Begin(float floor) {
    least = floor;
    proved = floor == kLowest;
    for (Hits& each : rows) each.n = 0;
    total = 0;
    full = 512 * rows.size();
  }
};

}  // namespace
