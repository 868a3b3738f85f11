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

// Those among which the `wanted` largest are: no other one reaches the lower bounds of so many.
struct Pool {
  int64_t wanted;
  // The lower bound of the last of those with the largest, of all seen.
  float least = kLowest;
  std::vector<Candidate> all = {};
  std::vector<float> lows = {};
  // Those that are out by now are removed when there are so many.
  size_t full = 512;

  void Add(const Candidate& candidate) {
    if (candidate.high < least) return;
    all.push_back(candidate);
    AddLow(candidate.low);
    if (all.size() < full) return;
    Filter();
    full = 2 * std::max<size_t>(all.size(), 256);
  }

  void Merge(const Pool& other) {
    for (const float low : other.lows) AddLow(low);
    for (const Candidate& each : other.all)
      if (!(each.high < least)) all.push_back(each);
  }

  void Settle() {
    Raise();
    Filter();
  }

 private:
  void AddLow(float low) {
    if (!(low > least)) return;
    lows.push_back(low);
    if (lows.size() >= static_cast<size_t>(wanted + wanted / 2 + 8)) Raise();
  }

  void Raise() {
    if (lows.size() < static_cast<size_t>(wanted)) return;
    std::nth_element(lows.begin(), lows.begin() + (wanted - 1), lows.end(), std::greater<float>());
    least = std::max(least, lows[wanted - 1]);
    lows.resize(wanted);
  }

  void Filter() {
    all.erase(std::remove_if(all.begin(), all.end(), [&](const Candidate& c) { return c.high < least; }), all.end());
  }
};

}  // namespace
