// SaeSelect: the active (row, latent) pairs of x W^T + bias: the k largest of each row, the n largest of the batch, or those
// above a limit, with a proof. A product of lower precision, or of another order, gives an estimate of every pair and a bound
// of its error (pair-estimates.h); only pairs that may belong to the wanted ones get their exact value, which is the `Dot` of
// ops.h and the bias. So what is chosen, and its values to the bit, do not depend on who made the estimates.
#include <atomic>
#include <mutex>
#include <numeric>
#include <optional>
#include <vector>

#include "pair-estimates.h"

namespace {

// What a row's last wanted value will be, of its norm, from rows that have theirs. A guess that was too high is found out once the
// first values are exact, and the row is looked at again.
class FloorGuess {
 public:
  float Of(float norm) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (count_ < 32 || !(norm > 0)) return kLowest;
    const double mean = sum_ / count_, variance = squares_ / count_ - mean * mean;
    return norm * (mean - 3 * std::sqrt(std::max(0., variance)));
  }

  void Add(const std::vector<float>& ratios) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const double ratio : ratios) {
      if (!(std::fabs(ratio) <= FLT_MAX)) continue;
      ++count_;
      sum_ += ratio;
      squares_ += ratio * ratio;
    }
  }

 private:
  std::mutex mutex_;
  double count_ = 0, sum_ = 0, squares_ = 0;
};

// The latents of a row that may be among the wanted ones, ascending. At first those with the largest lower bounds, of which there
// are as many as are wanted: what all of these reach, the others have to. Above a limit there are no others.
struct Found {
  std::vector<int> first, others;
  // Of the others.
  std::vector<float> high;
  // Whatever is left out stays below it.
  float floor = kLowest;

  // `least`: what the lower bounds of the first ones reach. Returns the estimate of the last one.
  float Take(const Hits& hits, float least) {
    const int n = hits.n;
    first.resize(n);
    others.resize(n);
    high.resize(n);
    int a = 0, b = 0;
    float estimate = kLowest;
    for (int i = 0; i < n; ++i) {
      first[a] = others[b] = hits.latent[i];
      high[b] = hits.high[i];
      const bool sure = hits.low[i] >= least;
      a += sure;
      b += !sure;
      if (hits.low[i] == least) estimate = least + (hits.high[i] - least) / 2;
    }
    first.resize(a);
    others.resize(b);
    high.resize(b);
    return estimate;
  }

  // The others anew, of all that reach a floor. [sure, last): the first ones, by now elsewhere.
  void TakeOthers(const Hits& hits, const int* sure, const int* last) {
    others.clear();
    high.clear();
    for (int i = 0; i < hits.n; ++i) {
      while (sure < last && *sure < hits.latent[i]) ++sure;
      if (sure < last && *sure == hits.latent[i]) continue;
      others.push_back(hits.latent[i]);
      high.push_back(hits.high[i]);
    }
  }

  // Without others that stay below.
  void Filter(float least) {
    size_t kept = 0;
    for (size_t i = 0; i < others.size(); ++i) {
      others[kept] = others[i];
      kept += !(high[i] < least);
    }
    others.resize(kept);
  }
};

// The same with their values.
struct Evaluated {
  Pairs first, others;

  // f(latent, value), latents ascending.
  template <class F>
  void ForEach(int row, F f) const {
    int64_t a = first.start[row], b = others.start[row];
    const int64_t lastA = first.start[row + 1], lastB = others.start[row + 1];
    while (a < lastA || b < lastB) {
      const bool ofFirst = b == lastB || (a < lastA && first.latent[a] < others.latent[b]);
      const Pairs& from = ofFirst ? first : others;
      int64_t& at = ofFirst ? a : b;
      f(from.latent[at], from.value[at]);
      ++at;
    }
  }
};

struct Selection {
  enum Mode { kRows, kBatch, kAbove } mode;
  bool absolute;
  int64_t count;
  Operands of;

  float Size(float z) const { return absolute ? std::fabs(z) : z; }

  int64_t BlockRows(OpKernelContext* c) const {
    const int64_t threads = c->device()->tensorflow_cpu_worker_threads()->num_threads;
    const int64_t even = (of.rows + threads - 1) / threads;
    return std::min<int64_t>(kBlockRows, (even + kTileRows - 1) / kTileRows * kTileRows);
  }

  static std::vector<int> Range(int64_t from, int64_t to) {
    std::vector<int> rows(to - from);
    std::iota(rows.begin(), rows.end(), from);
    return rows;
  }

  void OfRows(OpKernelContext* c, const Estimates& estimates, std::vector<Found>& found) const {
    FloorGuess guess;
    ForBlocks(c, of.rows, BlockRows(c), [&](int64_t from, int64_t to) {
      std::vector<int> rows = Range(from, to);
      std::vector<Pool> pools(rows.size(), Pool{count});
      std::vector<float> ratios;
      NthLargest lows;
      for (const int row : rows) {
        pools[row - from].rows.resize(1);
        pools[row - from].Begin(guess.Of(estimates.factors[row].whole));
      }
      while (!rows.empty()) {
        estimates.ForTiles(rows, [&](int i, int panel, const float* tile) {
          Pool& pool = pools[rows[i] - from];
          estimates.Admit(rows[i], panel, tile, pool.floor, pool.rows[0]);
          pool.total = pool.rows[0].n;
          pool.SettleWhereFull(lows);
        });
        std::vector<int> again;
        for (const int row : rows) {
          Pool& pool = pools[row - from];
          if (pool.total < count) {
            again.push_back(row);
            pool.Begin(kLowest);
            continue;
          }
          const float least = pool.Settle(lows);
          found[row].floor = pool.floor;
          ratios.push_back(found[row].Take(pool.rows[0], least) / estimates.factors[row].whole);
        }
        rows = again;
      }
      guess.Add(ratios);
    });
  }

  // Every block looks for somewhat more than its share.
  void OfBatch(OpKernelContext* c, const Estimates& estimates, std::vector<Found>& found) const {
    const int64_t block = BlockRows(c);
    std::vector<Pool> pools((of.rows + block - 1) / block);
    std::mutex mutex;
    float guess = kInfinity;
    const auto search = [&](int64_t from, int64_t to, int64_t wanted, float floor) {
      const std::vector<int> rows = Range(from, to);
      Pool& pool = pools[from / block];
      NthLargest lows;
      pool.wanted = wanted;
      pool.rows.resize(rows.size());
      pool.Begin(floor);
      estimates.ForTiles(rows, [&](int i, int panel, const float* tile) {
        Hits& hits = pool.rows[i];
        const int before = hits.n;
        estimates.Admit(rows[i], panel, tile, pool.floor, hits);
        pool.total += hits.n - before;
        pool.SettleWhereFull(lows);
      });
      pool.Settle(lows);
    };
    ForBlocks(c, of.rows, block, [&](int64_t from, int64_t to) {
      const int64_t wanted = std::min<int64_t>(count, static_cast<double>(count) * (to - from) / of.rows * 1.25 + 64);
      float floor;
      {
        const std::lock_guard<std::mutex> lock(mutex);
        floor = guess == kInfinity ? kLowest : guess;
      }
      search(from, to, wanted, floor);
      const Pool& pool = pools[from / block];
      // The last wanted one of their estimates.
      NthLargest estimate;
      std::vector<float> middle;
      for (const Hits& each : pool.rows) {
        middle.resize(each.n);
        for (int i = 0; i < each.n; ++i) middle[i] = each.low[i] + (each.high[i] - each.low[i]) / 2;
        estimate.Add(middle.data(), each.n);
      }
      const float last = estimate.Size() < wanted ? kLowest : estimate.Find(wanted);
      const std::lock_guard<std::mutex> lock(mutex);
      guess = std::min(guess, last);
    });
    const auto reached = [&] {
      NthLargest lows;
      for (const Pool& pool : pools)
        for (const Hits& each : pool.rows) lows.Add(each.low.data(), each.n);
      return lows.Size() < count ? kLowest : lows.Find(count);
    };
    float least = reached();
    if (least == kLowest) {
      ForBlocks(c, of.rows, block, [&](int64_t from, int64_t to) { search(from, to, count, kLowest); });
      least = reached();
    }
    ForBlocks(c, of.rows, block, [&](int64_t from, int64_t to) {
      for (int64_t row = from; row < to; ++row) {
        Hits& hits = pools[from / block].rows[row - from];
        hits.Filter(least);
        found[row].floor = std::max(least, pools[from / block].floor);
        found[row].Take(hits, least);
        hits = {};
      }
    });
  }

  // What the others of each row have to reach.
  std::vector<float> LeastOf(const Pairs& first) const {
    std::vector<float> least(of.rows, kInfinity);
    for (int row = 0; row < of.rows; ++row)
      for (int64_t i = first.start[row]; i < first.start[row + 1]; ++i) least[row] = std::min(least[row], Size(first.value[i]));
    if (mode == kBatch) std::fill(least.begin(), least.end(), *std::min_element(least.begin(), least.end()));
    return least;
  }

  // The others of rows whose floor turned out to be above what they have to reach.
  void LookAgain(OpKernelContext* c, const Estimates& estimates, const Pairs& first, const std::vector<float>& least,
                 std::vector<Found>& found) const {
    std::vector<int> rows;
    for (int row = 0; row < of.rows; ++row)
      if (found[row].floor > least[row]) rows.push_back(row);
    ForBlocks(c, rows.size(), BlockRows(c), [&](int64_t from, int64_t to) {
      const std::vector<int> some(rows.begin() + from, rows.begin() + to);
      std::vector<Hits> hits(some.size());
      estimates.ForTiles(some, [&](int i, int panel, const float* tile) { estimates.Admit(some[i], panel, tile, least[some[i]], hits[i]); });
      for (size_t i = 0; i < some.size(); ++i) {
        const int row = some[i];
        found[row].TakeOthers(hits[i], &first.latent[first.start[row]], &first.latent[first.start[row]] + first.start[row + 1] - first.start[row]);
      }
    });
  }

  void OfLimits(OpKernelContext* c, const Estimates& estimates, std::vector<Found>& found) const {
    ForBlocks(c, of.rows, BlockRows(c), [&](int64_t from, int64_t to) {
      std::vector<Hits> hits(to - from);
      const std::vector<int> rows = Range(from, to);
      estimates.ForTiles(rows, [&](int i, int panel, const float* tile) { estimates.AdmitAbove(rows[i], panel, tile, hits[i]); });
      for (int64_t row = from; row < to; ++row) {
        const Hits& each = hits[row - from];
        found[row].first.assign(each.latent.begin(), each.latent.begin() + each.n);
      }
    });
  }

  // Whether estimates in 8 bits, which take half the time, leave so few more candidates than those in 16 that it pays: of
  // some rows and latents of all.
  bool BytesPay(OpKernelContext* c) const {
    constexpr int kRowsTried = 32, kLatentsTried = 512;
    if (of.d > kByteColumns || of.rows < 8 * kRowsTried || of.m < 4 * kLatentsTried) return false;
    std::vector<float> x(static_cast<int64_t>(kRowsTried) * of.d), weights(static_cast<int64_t>(kLatentsTried) * of.d);
    std::vector<float> bias(kLatentsTried), limit(kLatentsTried);
    for (int r = 0; r < kRowsTried; ++r)
      std::copy_n(of.x + static_cast<int64_t>(r) * of.rows / kRowsTried * of.d, of.d, x.data() + static_cast<int64_t>(r) * of.d);
    for (int64_t j = 0; j < kLatentsTried; ++j) {
      const int64_t from = j * of.m / kLatentsTried;
      std::copy_n(of.weights + from * of.d, of.d, weights.data() + j * of.d);
      bias[j] = of.bias[from];
      if (mode == kAbove) limit[j] = of.limit[from];
    }
    const double share = static_cast<double>(kLatentsTried) / of.m;
    const double wanted = mode == kAbove ? 0 : count * share * (mode == kBatch ? static_cast<double>(kRowsTried) / of.rows : 1);
    Selection tried{mode, absolute, static_cast<int64_t>(std::ceil(wanted)),
                    {x.data(), weights.data(), bias.data(), mode == kAbove ? limit.data() : nullptr, kRowsTried, kLatentsTried, of.d}};
    Evaluated pairs;
    const int64_t coarse = tried.Find(c, By::kByte512, pairs), fine = tried.Find(c, By::kShort512, pairs);
    return (coarse - fine) * kMoreWorth < static_cast<int64_t>(kRowsTried) * kLatentsTried;
  }

  // Those that may be wanted, with their values. Returns their number.
  int64_t Find(OpKernelContext* c, By by, Evaluated& pairs) const {
    if (by == By::kAuto512) by = BytesPay(c) ? By::kByte512 : By::kShort512;
    const int rows = of.rows;
    std::vector<Found> found(rows);
    std::optional<Estimates> estimates(std::in_place, c, by, absolute, of);
    if (mode == kRows) OfRows(c, *estimates, found);
    else if (mode == kBatch) OfBatch(c, *estimates, found);
    else OfLimits(c, *estimates, found);
    if (mode == kAbove) estimates.reset();
    pairs.first.Fill(c, rows, [&](int row) -> std::vector<int>& { return found[row].first; });
    Evaluate(c, of, pairs.first);
    if (mode != kAbove) {
      const std::vector<float> least = LeastOf(pairs.first);
      LookAgain(c, *estimates, pairs.first, least, found);
      estimates.reset();
      ForBlocks(c, rows, 64, [&](int64_t row, int64_t last) {
        for (; row < last; ++row) found[row].Filter(least[row]);
      });
    }
    pairs.others.Fill(c, rows, [&](int row) -> std::vector<int>& { return found[row].others; });
    Evaluate(c, of, pairs.others);
    return pairs.first.start[rows] + pairs.others.start[rows];
  }

  // How a row's values are chosen: those above the cut, and the first `equal` ones of those that are at it.
  struct Cut {
    float at = kLowest;
    int64_t above = 0, equal = 0;
  };

  bool Above(int latent, float size, const Cut& cut) const { return size > (mode == kAbove ? of.limit[latent] : cut.at); }

  // False: a NaN is among the values.
  bool CountAt(const Evaluated& pairs, int row, Cut& cut) const {
    bool whole = true;
    pairs.ForEach(row, [&](int latent, float value) {
      const float size = Size(value);
      cut.above += Above(latent, size, cut);
      cut.equal += mode != kAbove && size == cut.at;
      whole &= value == value;
    });
    return whole;
  }

  void AddSizes(const Pairs& pairs, int64_t from, int64_t to, NthLargest& sizes) const {
    if (!absolute) return sizes.Add(pairs.value.data() + from, to - from);
    for (; from < to; ++from) {
      const float size = std::fabs(pairs.value[from]);
      sizes.Add(&size, 1);
    }
  }

  void AddSizes(const Evaluated& pairs, int64_t from, int64_t to, NthLargest& sizes) const {
    for (const Pairs* some : {&pairs.first, &pairs.others}) AddSizes(*some, some->start[from], some->start[to], sizes);
  }

  // One cut a row. False: a NaN is among the values.
  bool Choose(OpKernelContext* c, const Evaluated& pairs, std::vector<Cut>& cuts) const {
    cuts.resize(of.rows);
    if (mode == kBatch) {
      NthLargest all;
      AddSizes(pairs, 0, of.rows, all);
      const float at = all.Find(count);
      for (Cut& cut : cuts) cut.at = at;
    }
    std::atomic<bool> whole{true};
    ForBlocks(c, of.rows, 64, [&](int64_t row, int64_t last) {
      NthLargest sizes;
      for (; row < last; ++row) {
        if (mode == kRows) {
          sizes.Clear();
          AddSizes(pairs, row, row + 1, sizes);
          cuts[row].at = sizes.Find(count);
        }
        if (!CountAt(pairs, row, cuts[row])) whole = false;
        if (mode == kRows) cuts[row].equal = count - cuts[row].above;
      }
    });
    if (mode == kBatch) {
      int64_t left = count;
      for (const Cut& cut : cuts) left -= cut.above;
      for (Cut& cut : cuts) left -= cut.equal = std::min(left, cut.equal);
    }
    return whole;
  }

  void Write(const Evaluated& pairs, int row, Cut cut, float* value, int* latent) const {
    pairs.ForEach(row, [&](int j, float v) {
      const float size = Size(v);
      const bool above = Above(j, size, cut);
      if (!above && (cut.equal == 0 || size != cut.at)) return;
      cut.equal -= !above;
      *value++ = v;
      *latent++ = j;
    });
  }
};

class SaeSelect : public OpKernel {
 public:
  explicit SaeSelect(OpKernelConstruction* c) : OpKernel(c) {
    OP_REQUIRES_OK(c, c->GetAttr("mode", &mode_));
    OP_REQUIRES_OK(c, c->GetAttr("count", &count_));
    OP_REQUIRES_OK(c, c->GetAttr("by", &by_));
    OP_REQUIRES_OK(c, c->GetAttr("absolute", &absolute_));
  }

  void Compute(OpKernelContext* c) override {
    const Tensor &x = c->input(0), &weights = c->input(1), &bias = c->input(2), &limit = c->input(3);
    OP_REQUIRES(c, x.dims() == 2 && weights.dims() == 2 && weights.dim_size(1) == x.dim_size(1) && x.dim_size(1) > 0 &&
                       bias.NumElements() == weights.dim_size(0),
                Invalid("SaeSelect: shapes do not agree"));
    const By by = static_cast<By>(by_);
    const Selection::Mode mode = static_cast<Selection::Mode>(mode_);
    const int rows = x.dim_size(0), m = weights.dim_size(0), d = x.dim_size(1);
    const int64_t most = mode == Selection::kRows ? m : static_cast<int64_t>(rows) * m;
    OP_REQUIRES(c, mode == Selection::kAbove ? limit.NumElements() == m : count_ > 0 && count_ <= most,
                Invalid("SaeSelect: nothing to choose by"));
    OP_REQUIRES(c, CpuHas(by) && (by != By::kByte512 || d <= kByteColumns), Invalid("SaeSelect: this CPU does not multiply so"));
    const Selection selection{mode, absolute_, count_,
                              {Floats(x), Floats(weights), Floats(bias), mode == Selection::kAbove ? Floats(limit) : nullptr, rows, m, d}};
    Evaluated pairs;
    std::vector<Selection::Cut> cuts;
    const int64_t tried = selection.Find(c, by, pairs);
    OP_REQUIRES(c, selection.Choose(c, pairs, cuts), Invalid("SaeSelect: there is NaN among the numbers to choose from"));
    Tensor *values, *latents, *starts, *candidates;
    OP_REQUIRES_OK(c, c->allocate_output(2, {rows + 1}, &starts));
    int* start = starts->flat<int>().data();
    start[0] = 0;
    for (int row = 0; row < rows; ++row) start[row + 1] = start[row] + cuts[row].above + cuts[row].equal;
    OP_REQUIRES_OK(c, c->allocate_output(0, {start[rows]}, &values));
    OP_REQUIRES_OK(c, c->allocate_output(1, {start[rows]}, &latents));
    OP_REQUIRES_OK(c, c->allocate_output(3, {1}, &candidates));
    float* value = values->flat<float>().data();
    int* latent = latents->flat<int>().data();
    ForBlocks(c, rows, 64, [&](int64_t from, int64_t to) {
      for (; from < to; ++from) selection.Write(pairs, from, cuts[from], value + start[from], latent + start[from]);
    });
    candidates->flat<float>()(0) = tried;
  }

 private:
  int mode_, by_;
  int64_t count_;
  bool absolute_;
};

REGISTER_OP("SaeSelect")
    .Attr("mode: int").Attr("count: int").Attr("by: int").Attr("absolute: bool")
    .Input("x: float").Input("weights: float").Input("bias: float").Input("limit: float")
    .Output("values: float").Output("latents: int32").Output("starts: int32").Output("candidates: float")
    .SetShapeFn(UnknownShapes);
REGISTER_KERNEL_BUILDER(Name("SaeSelect").Device(DEVICE_CPU), SaeSelect);

}  // namespace

// So that Node's require() loads the file; the operations register themselves.
extern "C" __attribute__((visibility("default"))) void* napi_register_module_v1(void*, void* exports) { return exports; }
