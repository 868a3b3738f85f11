// SaeSelect: the active (row, latent) pairs of x W^T + bias: the k largest of each row, the n largest of the batch, or those
// above a limit, with a proof. A product of lower precision, or of another order, gives an estimate of every pair and a bound
// of its error (pair-estimates.h); only pairs that may belong to the wanted ones get their exact value, which is the `Dot` of
// ops.h and the bias. So what is chosen, and its values to the bit, do not depend on who made the estimates.
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "pair-estimates.h"

namespace {

struct Pair {
  float value;
  int row, latent;
};

// Of every row, those that may be among the wanted ones; and what the lower bounds of as many as are wanted reach.
struct Found {
  std::vector<std::vector<Candidate>> of;
  std::vector<float> least;
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

  void OfRows(OpKernelContext* c, const Estimates& estimates, Found& found) const {
    ForBlocks(c, of.rows, BlockRows(c), [&](int64_t from, int64_t to) {
      std::vector<Pool> pools(to - from, Pool{count});
      estimates.ForTiles(from, to, [&](int row, int panel, float* estimate) {
        Pool& pool = pools[row - from];
        estimates.Admit(row, panel, estimate, &pool.least, false, [&](const Candidate& each) { pool.Add(each); });
      });
      for (int64_t row = from; row < to; ++row) {
        Pool& pool = pools[row - from];
        pool.Settle();
        found.of[row].assign(pool.all.begin(), pool.all.end());
        found.least[row] = pool.least;
      }
    });
  }

  void OfBatch(OpKernelContext* c, const Estimates& estimates, Found& found) const {
    Pool whole{count};
    std::mutex mutex;
    std::atomic<float> least{kLowest};
    ForBlocks(c, of.rows, BlockRows(c), [&](int64_t from, int64_t to) {
      Pool own{count};
      own.least = least;
      estimates.ForTiles(from, to, [&](int row, int panel, float* estimate) {
        estimates.Admit(row, panel, estimate, &own.least, false, [&](const Candidate& each) { own.Add(each); });
      });
      const std::lock_guard<std::mutex> lock(mutex);
      whole.Merge(own);
      least = whole.least;
    });
    whole.Settle();
    for (const Candidate& each : whole.all) found.of[each.row].push_back(each);
    found.least.assign(of.rows, whole.least);
  }

  void OfLimits(OpKernelContext* c, const Estimates& estimates, Found& found) const {
    ForBlocks(c, of.rows, BlockRows(c), [&](int64_t from, int64_t to) {
      estimates.ForTiles(from, to, [&](int row, int panel, float* estimate) {
        estimates.Admit(row, panel, estimate, &estimates.limits[panel * kPanel], true, [&](const Candidate& each) { found.of[row].push_back(each); });
      });
    });
  }

  // The values of these pairs, latent by latent, whose weights are then read once.
  void Evaluate(OpKernelContext* c, const std::vector<int>& which, std::vector<Pair>& pairs) const {
    std::vector<int> start(of.m + 2), order(which.size());
    for (const int i : which) ++start[pairs[i].latent + 2];
    for (int j = 0; j < of.m; ++j) start[j + 2] += start[j + 1];
    for (const int i : which) order[start[pairs[i].latent + 1]++] = i;
    const int* all = order.data();
    ForBlocks(c, of.m, 32, [&](int64_t from, int64_t to) {
      for (int64_t j = from; j < to; ++j) EvaluateLatent(j, all + start[j], all + start[j + 1], all + order.size(), pairs);
    });
  }

  // Pairs at..end; after these come others.
  void EvaluateLatent(int64_t j, const int* at, const int* end, const int* last, std::vector<Pair>& pairs) const {
    const float* w = of.weights + j * of.d;
    if (at < end && j + 1 < of.m)
      for (int k = 0; k < of.d; k += kLanes) __builtin_prefetch(w + of.d + k);
    const auto rowOf = [&](const int* i) { return of.x + static_cast<int64_t>(pairs[*i].row) * of.d; };
    while (at < end) {
      const float *rows[4], *next[4];
      float values[4];
      const int n = end - at < 4 ? 1 : 4;
      for (int p = 0; p < n; ++p) {
        rows[p] = rowOf(at + p);
        next[p] = rowOf(std::min(at + p + n, last - 1));
      }
      if (n == 4) Dots<4>(w, rows, of.d, values, next);
      else Dots<1>(w, rows, of.d, values, next);
      for (int p = 0; p < n; ++p) pairs[*at++].value = values[p] + of.bias[j];
    }
  }

  bool Before(const Pair& a, const Pair& b) const {
    const float p = Size(a.value), q = Size(b.value);
    if (p != q) return p > q;
    return a.row != b.row ? a.row < b.row : a.latent < b.latent;
  }

  // Appends the k that come first, in the order they are in.
  void AppendLargest(const Pair* from, const Pair* to, int64_t k, std::vector<Pair>& kept) const {
    if (to - from <= k) return void(kept.insert(kept.end(), from, to));
    std::vector<Pair> sorted(from, to);
    std::nth_element(sorted.begin(), sorted.begin() + (k - 1), sorted.end(),
                     [this](const Pair& a, const Pair& b) { return Before(a, b); });
    const Pair least = sorted[k - 1];
    for (; from < to; ++from)
      if (!Before(least, *from)) kept.push_back(*from);
  }

  void Find(OpKernelContext* c, By by, Found& found) const {
    const Estimates estimates(c, by, absolute, of);
    found = {std::vector<std::vector<Candidate>>(of.rows), std::vector<float>(of.rows, kLowest)};
    if (mode == kRows) OfRows(c, estimates, found);
    else if (mode == kBatch) OfBatch(c, estimates, found);
    else OfLimits(c, estimates, found);
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
    int64_t coarse = 0, fine = 0;
    std::vector<Pair> kept;
    tried.Run(c, By::kByte512, kept, coarse);
    tried.Run(c, By::kShort512, kept, fine);
    return (coarse - fine) * kMoreWorth < static_cast<int64_t>(kRowsTried) * kLatentsTried;
  }

  // The pairs, rows and in them latents ascending, and how many had their value computed. False: a NaN is among these.
  bool Run(OpKernelContext* c, By by, std::vector<Pair>& kept, int64_t& tried) const {
    if (by == By::kAuto512) by = BytesPay(c) ? By::kByte512 : By::kShort512;
    Found found;
    Find(c, by, found);
    const int rows = of.rows;
    std::vector<Pair> pairs;
    std::vector<float> highs;
    std::vector<int> which, rest;
    // At first those with the largest lower bounds, of which there are as many as are wanted: what all of these reach, the others have
    // to. Above a limit all.
    for (int row = 0; row < rows; ++row) {
      for (const Candidate& each : found.of[row]) {
        (each.low >= found.least[row] ? which : rest).push_back(pairs.size());
        pairs.push_back({kInfinity, each.row, each.latent});
        highs.push_back(each.high);
      }
      std::vector<Candidate>().swap(found.of[row]);
    }
    Evaluate(c, which, pairs);
    std::vector<float> reached(rows, kInfinity);
    for (const int i : which) reached[pairs[i].row] = std::min(reached[pairs[i].row], Size(pairs[i].value));
    if (mode == kBatch) std::fill(reached.begin(), reached.end(), *std::min_element(reached.begin(), reached.end()));
    rest.erase(std::remove_if(rest.begin(), rest.end(), [&](int i) { return highs[i] < reached[pairs[i].row]; }), rest.end());
    Evaluate(c, rest, pairs);
    const int64_t first = which.size();
    which.insert(which.end(), rest.begin(), rest.end());
    std::inplace_merge(which.begin(), which.begin() + first, which.end());
    tried = which.size();
    std::vector<int64_t> start(rows + 1);
    for (int64_t i = 0; i < tried; ++i) {
      const Pair pair = pairs[which[i]];
      if (pair.value != pair.value) return false;
      pairs[i] = pair;
      ++start[pair.row + 1];
    }
    pairs.resize(tried);
    for (int row = 0; row < rows; ++row) start[row + 1] += start[row];
    if (mode == kBatch) AppendLargest(pairs.data(), pairs.data() + pairs.size(), count, kept);
    if (mode == kRows) {
      kept.reserve(rows * count);
      for (int row = 0; row < rows; ++row)
        AppendLargest(pairs.data() + start[row], pairs.data() + start[row + 1], count, kept);
    }
    if (mode == kAbove) {
      for (const Pair& pair : pairs)
        if (Size(pair.value) > of.limit[pair.latent]) kept.push_back(pair);
    }
    return true;
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
    std::vector<Pair> kept;
    int64_t tried = 0;
    OP_REQUIRES(c, selection.Run(c, by, kept, tried), Invalid("SaeSelect: there is NaN among the numbers to choose from"));
    Tensor *values, *latents, *starts, *candidates;
    const int64_t n = kept.size();
    OP_REQUIRES_OK(c, c->allocate_output(0, {n}, &values));
    OP_REQUIRES_OK(c, c->allocate_output(1, {n}, &latents));
    OP_REQUIRES_OK(c, c->allocate_output(2, {rows + 1}, &starts));
    OP_REQUIRES_OK(c, c->allocate_output(3, {1}, &candidates));
    int* start = starts->flat<int>().data();
    std::fill(start, start + rows + 1, 0);
    for (int64_t i = 0; i < n; ++i) {
      values->flat<float>()(i) = kept[i].value;
      latents->flat<int>()(i) = kept[i].latent;
      ++start[kept[i].row + 1];
    }
    for (int row = 0; row < rows; ++row) start[row + 1] += start[row];
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
