// Pairs that may be among the largest, by lower and upper bounds of their values.
#pragma once

#include <functional>
#include <vector>

#include "ops.h"

namespace {

struct Candidate {
  float high, low;
  int row, latent;
};

inline float KthLargestLow(const std::vector<Candidate>& all, int64_t k) {
  if (static_cast<int64_t>(all.size()) < k) return kLowest;
  std::vector<float> lows;
  lows.reserve(all.size());
  for (const Candidate& each : all) lows.push_back(each.low);
  std::nth_element(lows.begin(), lows.begin() + (k - 1), lows.end(), std::greater<float>());
  return lows[k - 1];
}

// Those among which the `wanted` largest are: no other one reaches the lower bounds of so many.
struct Pool {
  int64_t wanted;
  float least = kLowest;
  std::vector<Candidate> all = {};
  // Settled when there are so many.
  size_t full = 0;

  void Add(const Candidate& candidate) {
    if (candidate.high < least) return;
    all.push_back(candidate);
    if (all.size() > full) Settle();
  }

  void Settle() {
    least = std::max(least, KthLargestLow(all, wanted));
    all.erase(std::remove_if(all.begin(), all.end(), [&](const Candidate& c) { return c.high < least; }), all.end());
    full = 2 * std::max<size_t>(all.size(), 2 * wanted + 128);
  }
};

}  // namespace
