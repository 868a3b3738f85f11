// What a product loses by rounding its operands: columns that are kept apart from it, and upper bounds of norms.
#pragma once

#include <cmath>
#include <cstring>
#include <vector>

#include "product-tiles.h"

namespace {

// Columns that hold most of the rows' norm: rounding them would say nothing of the rest.
struct Apart {
  static constexpr int kMost = 4;
  std::vector<int> columns;

  static Apart Of(OpKernelContext* c, const float* x, int64_t rows, int d) {
    constexpr int kRows = 64;
    const int64_t blocks = (rows + kRows - 1) / kRows;
    std::vector<double> squares(blocks * d);
    ForBlocks(c, rows, kRows, [&](int64_t from, int64_t to) {
      double* sum = squares.data() + from / kRows * d;
      for (int64_t r = from; r < to; ++r)
        for (int k = 0; k < d; ++k) sum[k] += static_cast<double>(x[r * d + k]) * x[r * d + k];
    });
    double all = 0;
    for (int k = 0; k < d; ++k) {
      for (int64_t b = 1; b < blocks; ++b) squares[k] += squares[b * d + k];
      all += squares[k];
    }
    Apart apart;
    double held = 0;
    while (static_cast<int>(apart.columns.size()) < std::min(kMost, d - 1)) {
      const int most = std::max_element(squares.begin(), squares.begin() + d) - squares.begin();
      held += squares[most];
      squares[most] = -1;
      apart.columns.push_back(most);
    }
    if (!(held > all / 2)) apart.columns.clear();
    return apart;
  }
};

// Upper bounds of norms: of the whole vector, of what is multiplied, before and after it is rounded, and of the difference.
// `scale` times the integers is what is multiplied.
struct Norms {
  float whole, rest, rounded, off, scale;
};

inline float UpperRoot(float* lanes, int d) {
  const double sum = SumOfLanes(lanes);
  return std::sqrt(sum) * (1 + (d / kLanes + 16) * 0x1p-24) + std::sqrt(static_cast<double>(d)) * 0x1p-62;
}

// Sums of integers of 16 bits stay below 2^31 since norms are below 2^15.5; of 8 bits where there are this many columns at most.
constexpr float kShortNorm = 45000;
constexpr int kByteColumns = 60000;

// The words that are multiplied, and their norms; for kByte512 128 is added to every number of a latent, and one more word of a
// row is 128 times the sum of its numbers. `rest` is scratch for d + kLanes numbers.
INLINED Norms RoundInto(By by, bool latent, const float* row, int d, const Apart& apart, float* rest, uint32_t* words) {
  float whole[kLanes] = {}, left[kLanes] = {}, rounded[kLanes] = {}, off[kLanes] = {}, most[kLanes] = {};
  std::copy(row, row + d, rest);
  std::fill(rest + d, rest + d + kLanes, 0.f);
  for (int k = 0; k < d; k += kLanes)
#pragma omp simd
    for (int l = 0; l < kLanes; ++l) whole[l] += rest[k + l] * rest[k + l];
  for (int column : apart.columns) rest[column] = 0;
  if (ColumnsOf(by) == 1) {
    std::memcpy(words, rest, 4 * static_cast<int64_t>(d));
    const float norm = UpperRoot(whole, d);
    return {norm, norm, norm, 0, 1};
  }
  if (InIntegers(by)) {
    for (int k = 0; k < d; k += kLanes) {
#pragma omp simd
      for (int l = 0; l < kLanes; ++l) {
        left[l] += rest[k + l] * rest[k + l];
        most[l] = std::max(most[l], std::fabs(rest[k + l]));
      }
    }
    const float norm = UpperRoot(left, d), largest = *std::max_element(most, most + kLanes);
    const float scale = by == By::kByte512 ? largest / 127 : std::max(norm / kShortNorm, largest / 32767);
    // What is smaller is left out, and counts as rounded away.
    const float inverse = scale > 1e-30f ? 1 / scale : 0;
    int8_t* bytes = reinterpret_cast<int8_t*>(words);
    int16_t* shorts = reinterpret_cast<int16_t*>(words);
    const int add = latent && by == By::kByte512 ? 128 : 0;
    int total = 0;
    for (int k = 0; k < d; k += kLanes) {
      int near[kLanes];
#pragma omp simd reduction(+ : total)
      for (int l = 0; l < kLanes; ++l) {
        near[l] = static_cast<int>(std::nearbyint(rest[k + l] * inverse));
        const float kept = scale * near[l], lost = rest[k + l] - kept;
        rounded[l] += kept * kept;
        off[l] += lost * lost;
        total += near[l];
      }
      if (by == By::kByte512)
        for (int l = 0; l < kLanes; ++l) bytes[k + l] = near[l] + add;
      else
        for (int l = 0; l < kLanes; ++l) shorts[k + l] = near[l];
    }
    if (by == By::kByte512 && !latent) words[WordsOf(by, d)] = 128 * static_cast<uint32_t>(total);
    const float kept = UpperRoot(rounded, d);
    return {std::max(UpperRoot(whole, d), kept * 1.00001f), norm, kept, UpperRoot(off, d) + kept * 0x1p-23f, scale};
  }
  uint16_t* half = reinterpret_cast<uint16_t*>(words);
  for (int k = 0; k < d; k += kLanes) {
#pragma omp simd
    for (int l = 0; l < kLanes; ++l) {
      uint32_t bits;
      std::memcpy(&bits, rest + k + l, 4);
      bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
      float near;
      std::memcpy(&near, &bits, 4);
      const float lost = rest[k + l] - near;
      left[l] += rest[k + l] * rest[k + l];
      rounded[l] += near * near;
      off[l] += lost * lost;
      half[k + l] = bits >> 16;
    }
  }
  return {UpperRoot(whole, d), UpperRoot(left, d), UpperRoot(rounded, d), UpperRoot(off, d), 1};
}

WIDE inline Norms RoundWide(By by, bool latent, const float* row, int d, const Apart& apart, float* rest, uint32_t* words) {
  return RoundInto(by, latent, row, d, apart, rest, words);
}
inline Norms RoundNarrow(By by, bool latent, const float* row, int d, const Apart& apart, float* rest, uint32_t* words) {
  return RoundInto(by, latent, row, d, apart, rest, words);
}
inline Norms RoundRow(By by, bool latent, const float* row, int d, const Apart& apart, float* rest, uint32_t* words) {
  return (IsWide() ? RoundWide : RoundNarrow)(by, latent, row, d, apart, rest, words);
}

}  // namespace
