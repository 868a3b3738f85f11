// SaeSelect: the active (row, latent) pairs of x W^T + bias: the k largest of each row, the n largest of the batch, or those
// above a limit, with a proof. A product of lower precision, or of another order, gives an estimate of every pair and a bound
// of its error; only pairs that may belong to the wanted ones get their exact value, which is the `Dot` of ops.h and the
// bias. So what is chosen, and its values to the bit, do not depend on who made the estimates.
//
// With x' and w' the operands as they are multiplied, without columns that hold most of the norm (`Apart` of rounded-rows.h), which are added
// in f32: |x w - estimate| <= |x| |w - w'| + |x - x'| |w'| by Cauchy-Schwarz, plus the rounding of both sums, n 2^-24 |x| |w|
// for n roundings one after the other, whatever their order (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
#include <atomic>
#include <cfloat>
#include <mutex>
#include <vector>

#include "candidate-pool.h"
#include "rounded-rows.h"

namespace {

// Rows whose candidates are collected together: with a panel of the weights they fit the second cache.
constexpr int kBlockRows = 96;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The error of a pair is at most the sum of the products of a row's and a latent's factors, and a share of the estimate.
struct RowFactors {
  float rest, off, sum;
};
constexpr float kShare = 0x1p-21f;

struct Pair {
  float value;
  int row, latent;
};

struct Selection {
  enum Mode { kRows, kBatch, kAbove } mode;
  By by;
  bool absolute;
  int64_t count;
  const float *bias, *limit, *x, *weights;
  int rows, m, d;

  int words, padded;
  Words panels, inputs;
  // [padded] each: bias and limits, factors of the bound, weights of the columns apart.
  std::vector<float> biases, limits, latentRest, latentOff, latentSum, apartWeights;
  std::vector<RowFactors> factors;
  Apart apart;

  float Size(float z) const { return absolute ? std::fabs(z) : z; }

  void Prepare(OpKernelContext* c) {
    words = WordsOf(by, d);
    padded = PanelsOf(m) * kPanel;
    if (by == By::kHalf512) apart = Apart::Of(c, x, rows, d);
    const int columns = apart.columns.size(), stride = words + kLanes;
    panels.Make(static_cast<int64_t>(padded) * words);
    for (auto* each : {&biases, &limits, &latentRest, &latentOff, &latentSum}) each->resize(padded);
    apartWeights.resize(static_cast<int64_t>(columns) * padded);
    // Roundings one after the other in the estimate, in the columns apart, and in the exact sum.
    const float gamma = (1.02f * (d + 16) + d / kLanes + 2 * kLanes) * 0x1p-24f * 1.01f;
    ForBlocks(c, m, kPanel, [&](int64_t from, int64_t to) {
      std::vector<uint32_t> rounded(static_cast<int64_t>(kPanel) * stride);
      std::vector<float> rest(d + kLanes);
      const uint32_t* at[kPanel];
      for (int64_t j = from; j < to; ++j) {
        const float* w = weights + j * d;
        uint32_t* own = rounded.data() + (j - from) * stride;
        const Norms norms = RoundRow(by, w, d, apart, rest.data(), own);
        at[j - from] = own;
        biases[j] = bias[j];
        limits[j] = mode == kAbove ? limit[j] : 0;
        latentRest[j] = norms.off * 1.00001f + 0x1p-60f * (1 + norms.whole);
        latentOff[j] = norms.rounded * 1.00001f + 0x1p-40f;
        latentSum[j] = norms.whole * 1.00001f;
        for (int n = 0; n < columns; ++n) apartWeights[static_cast<int64_t>(n) * padded + j] = w[apart.columns[n]];
      }
      Transpose(by, at, to - from, words, panels.at(from * words));
    });
    factors.resize(rows);
    inputs.Make(static_cast<int64_t>(rows) * words);
    ForBlocks(c, rows, kBlockRows, [&](int64_t from, int64_t to) {
      std::vector<float> rest(d + kLanes);
      std::vector<uint32_t> own(stride);
      for (int64_t r = from; r < to; ++r) {
        const Norms norms = RoundRow(by, x + r * d, d, apart, rest.data(), own.data());
        std::copy_n(own.data(), words, inputs.at(r * words));
        factors[r] = {norms.rest + 0x1p-40f, norms.off + 0x1p-60f * (1 + norms.whole), gamma * norms.whole};
      }
    });
  }

  // Calls add(candidate) for every latent of the panel that may be among the wanted ones of a row; the floor is a number
  // a latent or, with `step` 0, one for all.
  template <class F>
  void Admit(int row, int panel, float* estimate, const float* floor, int step, F add) const {
    const int first = panel * kPanel, width = std::min(kPanel, m - first);
    for (size_t n = 0; n < apart.columns.size(); ++n)
      AddScaled(estimate, x[static_cast<int64_t>(row) * d + apart.columns[n]], apartWeights.data() + n * padded + first, kPanel);
    const RowFactors f = factors[row];
    const uint32_t mask = absolute ? 0x7fffffffu : 0xffffffffu;
    for (int start = 0; start < width; start += kLanes) {
      const float *b = &biases[first + start], *rest = &latentRest[first + start], *off = &latentOff[first + start],
                  *sum = &latentSum[first + start];
      float size[kLanes], error[kLanes], floors[kLanes];
      for (int l = 0; l < kLanes; ++l) floors[l] = floor[step * (start + l)];
      int any = 0;
#pragma omp simd reduction(| : any)
      for (int l = 0; l < kLanes; ++l) {
        const float z = estimate[start + l] + b[l];
        uint32_t bits;
        std::memcpy(&bits, &z, 4);
        bits &= mask;
        float s;
        std::memcpy(&s, &bits, 4);
        const float e = f.rest * rest[l] + f.off * off[l] + f.sum * sum[l] + kShare * std::fabs(z);
        size[l] = s;
        error[l] = e;
        any |= !(s + e < floors[l]) | !(s >= -FLT_MAX);
      }
      if (any == 0) continue;
      for (int l = 0; l < std::min(kLanes, width - start); ++l) {
        const float s = size[l], e = error[l];
        // Where the estimate overflowed or its bound did, nothing is known.
        const bool known = s >= -FLT_MAX && s <= FLT_MAX && e <= FLT_MAX;
        const float high = known ? s + e : kInfinity;
        if (high < floors[l]) continue;
        add(Candidate{high, known ? s - e : kLowest, row, first + start + l});
      }
    }
  }

  // f(row, panel, estimates [kPanel]) of rows from..to, panel after panel.
  template <class F>
  void ForTiles(int64_t from, int64_t to, F f) const {
    float out[kTileRows * kPanel];
    for (int panel = 0; panel < padded / kPanel; ++panel) {
      for (int64_t row = from; row < to; row += kTileRows) {
        const uint32_t* at[kTileRows];
        for (int i = 0; i < kTileRows; ++i) at[i] = inputs.at(std::min(to - 1, row + i) * words);
        Tile(by, at, panels.at(static_cast<int64_t>(panel) * kPanel * words), words, out);
        for (int i = 0; i < std::min<int64_t>(kTileRows, to - row); ++i) f(row + i, panel, out + i * kPanel);
      }
    }
  }

  int64_t BlockRows(OpKernelContext* c) const {
    const int64_t threads = c->device()->tensorflow_cpu_worker_threads()->num_threads;
    const int64_t even = (rows + threads - 1) / threads;
    return std::min<int64_t>(kBlockRows, (even + kTileRows - 1) / kTileRows * kTileRows);
  }

  void OfRows(OpKernelContext* c, std::vector<std::vector<Candidate>>& found) const {
    ForBlocks(c, rows, BlockRows(c), [&](int64_t from, int64_t to) {
      std::vector<Pool> pools(to - from, Pool{count});
      ForTiles(from, to, [&](int row, int panel, float* estimate) {
        Pool& pool = pools[row - from];
        Admit(row, panel, estimate, &pool.least, 0, [&](const Candidate& each) { pool.Add(each); });
      });
      for (int64_t row = from; row < to; ++row) {
        pools[row - from].Settle();
        found[row].assign(pools[row - from].all.begin(), pools[row - from].all.end());
      }
    });
  }

  void OfBatch(OpKernelContext* c, std::vector<std::vector<Candidate>>& found) const {
    Pool whole{count};
    std::mutex mutex;
    std::atomic<float> least{kLowest};
    ForBlocks(c, rows, BlockRows(c), [&](int64_t from, int64_t to) {
      Pool own{count};
      own.least = least;
      ForTiles(from, to, [&](int row, int panel, float* estimate) {
        Admit(row, panel, estimate, &own.least, 0, [&](const Candidate& each) { own.Add(each); });
      });
      const std::lock_guard<std::mutex> lock(mutex);
      whole.least = std::max(whole.least, own.least);
      for (const Candidate& each : own.all) whole.Add(each);
      least = whole.least;
    });
    whole.Settle();
    for (const Candidate& each : whole.all) found[each.row].push_back(each);
  }

  void OfLimits(OpKernelContext* c, std::vector<std::vector<Candidate>>& found) const {
    ForBlocks(c, rows, BlockRows(c), [&](int64_t from, int64_t to) {
      ForTiles(from, to, [&](int row, int panel, float* estimate) {
        Admit(row, panel, estimate, &limits[panel * kPanel], 1, [&](const Candidate& each) { found[row].push_back(each); });
      });
    });
  }

  // Of candidates, rows and in them latents ascending, the values: latent by latent, whose weights are then read once.
  void Evaluate(OpKernelContext* c, std::vector<Pair>& pairs) const {
    std::vector<int> start(m + 2), order(pairs.size());
    for (const Pair& pair : pairs) ++start[pair.latent + 2];
    for (int j = 0; j < m; ++j) start[j + 2] += start[j + 1];
    for (size_t i = 0; i < pairs.size(); ++i) order[start[pairs[i].latent + 1]++] = i;
    ForBlocks(c, m, 32, [&](int64_t from, int64_t to) {
      for (int64_t j = from; j < to; ++j) {
        const float* w = weights + j * d;
        for (int i = start[j]; i < start[j + 1];) {
          const float* at[4];
          float values[4];
          const int n = std::min(4, start[j + 1] - i);
          for (int p = 0; p < n; ++p) at[p] = x + static_cast<int64_t>(pairs[order[i + p]].row) * d;
          if (n == 4) Dots<4>(w, at, d, values);
          else
            for (int p = 0; p < n; ++p) Dots<1>(w, at + p, d, values + p);
          for (int p = 0; p < n; ++p) pairs[order[i++]].value = values[p] + bias[j];
        }
      }
    });
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

  // The pairs, rows and in them latents ascending, and how many had their value computed. False: a NaN is among these.
  bool Run(OpKernelContext* c, std::vector<Pair>& kept, int64_t& tried) {
    Prepare(c);
    std::vector<std::vector<Candidate>> found(rows);
    if (mode == kRows) OfRows(c, found);
    else if (mode == kBatch) OfBatch(c, found);
    else OfLimits(c, found);
    std::vector<Pair> pairs;
    std::vector<int64_t> start(rows + 1);
    for (int row = 0; row < rows; ++row) start[row + 1] = start[row] + found[row].size();
    pairs.reserve(start[rows]);
    for (auto& each : found) {
      for (const Candidate& candidate : each) pairs.push_back({0, candidate.row, candidate.latent});
      std::vector<Candidate>().swap(each);
    }
    tried = pairs.size();
    Evaluate(c, pairs);
    for (const Pair& pair : pairs)
      if (pair.value != pair.value) return false;
    if (mode == kBatch) AppendLargest(pairs.data(), pairs.data() + pairs.size(), count, kept);
    if (mode == kRows) {
      kept.reserve(rows * count);
      for (int row = 0; row < rows; ++row)
        AppendLargest(pairs.data() + start[row], pairs.data() + start[row + 1], count, kept);
    }
    if (mode == kAbove) {
      for (const Pair& pair : pairs)
        if (Size(pair.value) > limit[pair.latent]) kept.push_back(pair);
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
    Selection selection{};
    selection.mode = static_cast<Selection::Mode>(mode_);
    selection.by = static_cast<By>(by_);
    selection.absolute = absolute_;
    selection.count = count_;
    selection.bias = Floats(bias);
    selection.limit = Floats(limit);
    selection.x = Floats(x);
    selection.weights = Floats(weights);
    selection.rows = x.dim_size(0);
    selection.m = weights.dim_size(0);
    selection.d = x.dim_size(1);
    const int64_t most = selection.mode == Selection::kRows ? selection.m : static_cast<int64_t>(selection.rows) * selection.m;
    OP_REQUIRES(c, selection.mode == Selection::kAbove ? limit.NumElements() == selection.m : count_ > 0 && count_ <= most,
                Invalid("SaeSelect: nothing to choose by"));
    OP_REQUIRES(c, CpuHas(selection.by), Invalid("SaeSelect: this CPU does not multiply so"));
    std::vector<Pair> kept;
    int64_t tried = 0;
    OP_REQUIRES(c, selection.Run(c, kept, tried), Invalid("SaeSelect: there is NaN among the numbers to choose from"));
    Tensor *values, *latents, *starts, *candidates;
    const int64_t n = kept.size();
    OP_REQUIRES_OK(c, c->allocate_output(0, {n}, &values));
    OP_REQUIRES_OK(c, c->allocate_output(1, {n}, &latents));
    OP_REQUIRES_OK(c, c->allocate_output(2, {selection.rows + 1}, &starts));
    OP_REQUIRES_OK(c, c->allocate_output(3, {1}, &candidates));
    int* start = starts->flat<int>().data();
    std::fill(start, start + selection.rows + 1, 0);
    for (int64_t i = 0; i < n; ++i) {
      values->flat<float>()(i) = kept[i].value;
      latents->flat<int>()(i) = kept[i].latent;
      ++start[kept[i].row + 1];
    }
    for (int row = 0; row < selection.rows; ++row) start[row + 1] += start[row];
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
