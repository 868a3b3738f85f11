// Causal attention. Queries are the last of the keys; each sees `window` keys that end with its own, and no others are multiplied but
// those of the same 64. All sums are in a fixed order: what a query gets does not depend on what comes after it, on how many contexts
// there are, or on whether anybody looks at the pattern.
//   ModelAttend   what queries get, [batch, queries, heads, d], of patterns that are nowhere whole in memory
//   ModelScores   the patterns, [batch, heads, queries, keys]
//   ModelMix      what queries get of patterns
#include <vector>

#include "product-tiles.h"
#include "softmax-row.h"

namespace {

// Keys in panels of 64: [d, 64] each.
Words PackKeys(OpKernelContext* c, By by, const float* k, int64_t heads, int64_t keys, int64_t d) {
  const int64_t slabs = PanelsOf(keys);
  Words panels;
  panels.Make(heads * slabs * d * kPanel);
  ForBlocks(c, heads * slabs, 1, [&](int64_t at, int64_t) {
    const int64_t head = at / slabs, first = at % slabs * kPanel;
    const int present = std::min<int64_t>(kPanel, keys - first);
    const uint32_t* rows[kPanel];
    for (int i = 0; i < present; ++i) rows[i] = reinterpret_cast<const uint32_t*>(k + (head * keys + first + i) * d);
    Transpose(by, rows, present, d, panels.at(at * d * kPanel));
  });
  return panels;
}

// Values of 64 keys: a panel [64, 64] for every 64 of their columns; what is not there is zero.
Words PackValues(OpKernelContext* c, By by, const float* v, int64_t heads, int64_t keys, int64_t d) {
  const int64_t slabs = PanelsOf(keys), widths = PanelsOf(d);
  const int strip = StripOf(by);
  Words panels;
  panels.Make(heads * slabs * widths * kPanel * kPanel);
  ForBlocks(c, heads * slabs, 1, [&](int64_t at, int64_t) {
    const int64_t head = at / slabs, first = at % slabs * kPanel;
    const int present = std::min<int64_t>(kPanel, keys - first);
    float* to = reinterpret_cast<float*>(panels.at(at * widths * kPanel * kPanel));
    std::fill_n(to, widths * kPanel * kPanel, 0.f);
    for (int i = 0; i < present; ++i)
      for (int64_t s = 0; s < d; s += strip)
        std::copy_n(v + (head * keys + first + i) * d + s, std::min<int64_t>(strip, d - s), to + s * kPanel + i * strip);
  });
  return panels;
}

// Queries that are multiplied together: `present` of at most kTileRows, the first at position `at`.
struct Queries {
  By by;
  int64_t d;
  int present;
  int64_t at, window;

  int64_t FirstSlab() const { return std::max<int64_t>(0, at + 1 - window) / kPanel; }
  int64_t LastSlab() const { return (at + present - 1) / kPanel; }

  // Their patterns, between the first slab and the end of the last one, in rows with a stride.
  void Pattern(const float* query, const uint32_t* keys, const ScoreRules& rules, float* pattern, int64_t stride) const {
    const uint32_t* rows[kTileRows];
    float tile[kTileRows * kPanel];
    for (int i = 0; i < kTileRows; ++i) rows[i] = reinterpret_cast<const uint32_t*>(query) + std::min(i, present - 1) * d;
    for (int64_t slab = FirstSlab(); slab <= LastSlab(); ++slab) {
      Tile(by, rows, keys + slab * d * kPanel, d, tile);
      for (int i = 0; i < present; ++i) std::copy_n(tile + i * kPanel, kPanel, pattern + i * stride + slab * kPanel);
    }
    for (int i = 0; i < present; ++i) {
      const int64_t end = at + i + 1, start = std::max<int64_t>(0, end - window);
      float *row = pattern + i * stride, total;
      std::fill(row + FirstSlab() * kPanel, row + start, 0.f);
      std::fill(row + end, row + (LastSlab() + 1) * kPanel, 0.f);
      Exponentials(row + start, row + start, end - start, rules, &total);
#pragma omp simd
      for (int64_t k = start; k < end; ++k) row[k] /= total;
    }
  }

  // Values by their patterns, of slabs `first` to `last`.
  void Mix(const float* pattern, int64_t stride, const uint32_t* values, int64_t first, int64_t last, float* out,
           int64_t out_stride) const {
    const int64_t widths = PanelsOf(d);
    const uint32_t* rows[kTileRows];
    float tile[kTileRows * kPanel];
    for (int64_t w = 0; w < widths; ++w) {
      for (int64_t slab = first; slab <= last; ++slab) {
        for (int i = 0; i < kTileRows; ++i)
          rows[i] = reinterpret_cast<const uint32_t*>(pattern) + std::min(i, present - 1) * stride + slab * kPanel;
        Tile(by, rows, values + (slab * widths + w) * kPanel * kPanel, kPanel, tile, slab > first);
      }
      for (int i = 0; i < present; ++i)
        std::copy_n(tile + i * kPanel, std::min<int64_t>(kPanel, d - w * kPanel), out + i * out_stride + w * kPanel);
    }
  }
};

struct Sizes {
  int64_t batch, heads, queries, shared, keys, d;

  bool Agree() const {
    return shared > 0 && heads % shared == 0 && queries > 0 && queries <= keys && d > 0;
  }

  // f(row, head of keys, first, present) of kTileRows queries at a time, those with the most keys first: threads end together.
  // `row` is that of a context and a head.
  template <class F>
  void ForQueries(OpKernelContext* c, F f) const {
    constexpr int kQueries = 16 * kTileRows;
    const int64_t blocks = (queries + kQueries - 1) / kQueries;
    ForBlocks(c, batch * heads * blocks, 1, [&](int64_t at, int64_t) {
      const int64_t block = blocks - 1 - at / (batch * heads), row = at % (batch * heads);
      const int64_t from = row / heads * shared + row % heads / (heads / shared), last = std::min(queries, (block + 1) * kQueries);
      std::vector<float> patterns(kTileRows * PanelsOf(keys) * kPanel);
      for (int64_t first = block * kQueries; first < last; first += kTileRows)
        f(row, from, first, std::min<int64_t>(kTileRows, last - first), patterns.data());
    });
  }
};

bool IsFloat(int by) {
  return (by == static_cast<int>(By::kFloat) || by == static_cast<int>(By::kFloat512)) && CpuHas(static_cast<By>(by));
}

class ModelAttend : public OpKernel {
 public:
  explicit ModelAttend(OpKernelConstruction* c) : OpKernel(c) {
    OP_REQUIRES_OK(c, c->GetAttr("by", &by_));
    OP_REQUIRES_OK(c, c->GetAttr("scale", &scale_));
    OP_REQUIRES_OK(c, c->GetAttr("cap", &cap_));
    OP_REQUIRES_OK(c, c->GetAttr("window", &window_));
    mixes_ = type_string() == "ModelAttend";
  }

  void Compute(OpKernelContext* c) override {
    const Tensor &query = c->input(0), &key = c->input(1), &sinks = c->input(2), &value = c->input(mixes_ ? 3 : 1);
    OP_REQUIRES(c, query.dims() == 4 && key.dims() == 4 && key.shape() == value.shape() && query.dim_size(0) == key.dim_size(0) &&
                       query.dim_size(3) == key.dim_size(3),
                Invalid("ModelAttend: shapes do not agree"));
    const Sizes size{query.dim_size(0), query.dim_size(1), query.dim_size(2), key.dim_size(1), key.dim_size(2), key.dim_size(3)};
    const int64_t heads = size.heads, queries = size.queries, keys = size.keys, d = size.d, all = size.batch * size.shared;
    OP_REQUIRES(c, size.Agree() && window_ > 0 && IsFloat(by_) && (sinks.NumElements() == 0 || sinks.NumElements() == heads),
                Invalid("ModelAttend: shapes do not agree"));
    Tensor* out;
    OP_REQUIRES_OK(c, c->allocate_output(0, mixes_ ? TensorShape({size.batch, queries, heads, d})
                                                   : TensorShape({size.batch, heads, queries, keys}), &out));
    if (size.batch == 0) return;
    const By by = static_cast<By>(by_);
    const float *q = Floats(query), *sink = sinks.NumElements() == 0 ? nullptr : Floats(sinks);
    float* to = out->flat<float>().data();
    const Words key_panels = PackKeys(c, by, Floats(key), all, keys, d);
    const Words value_panels = mixes_ ? PackValues(c, by, Floats(value), all, keys, d) : Words();
    const int64_t slabs = PanelsOf(keys), widths = PanelsOf(d);
    size.ForQueries(c, [&](int64_t row, int64_t from, int64_t first, int present, float* pattern) {
      const Queries group{by, d, present, keys - queries + first, window_};
      const ScoreRules rules{scale_, cap_, sink == nullptr ? kLowest : sink[row % heads]};
      group.Pattern(q + (row * queries + first) * d, key_panels.at(from * slabs * d * kPanel), rules, pattern, slabs * kPanel);
      if (mixes_) {
        group.Mix(pattern, slabs * kPanel, value_panels.at(from * slabs * widths * kPanel * kPanel), group.FirstSlab(),
                  group.LastSlab(), to + ((row / heads * queries + first) * heads + row % heads) * d, heads * d);
        return;
      }
      const int64_t begin = group.FirstSlab() * kPanel, end = std::min(keys, (group.LastSlab() + 1) * kPanel);
      for (int i = 0; i < present; ++i) {
        float* y = to + (row * queries + first + i) * keys;
        std::fill(y, y + begin, 0.f);
        std::copy(pattern + i * slabs * kPanel + begin, pattern + i * slabs * kPanel + end, y + begin);
        std::fill(y + end, y + keys, 0.f);
      }
    });
  }

 private:
  float scale_, cap_;
  int by_, window_;
  bool mixes_;
};

class ModelMix : public OpKernel {
 public:
  explicit ModelMix(OpKernelConstruction* c) : OpKernel(c) { OP_REQUIRES_OK(c, c->GetAttr("by", &by_)); }

  void Compute(OpKernelContext* c) override {
    const Tensor &pattern = c->input(0), &value = c->input(1);
    OP_REQUIRES(c, pattern.dims() == 4 && value.dims() == 4 && pattern.dim_size(0) == value.dim_size(0) &&
                       pattern.dim_size(3) == value.dim_size(2),
                Invalid("ModelMix: shapes do not agree"));
    const Sizes size{pattern.dim_size(0), pattern.dim_size(1), pattern.dim_size(2), value.dim_size(1), value.dim_size(2), value.dim_size(3)};
    const int64_t heads = size.heads, queries = size.queries, keys = size.keys, d = size.d;
    OP_REQUIRES(c, size.Agree() && IsFloat(by_), Invalid("ModelMix: shapes do not agree"));
    Tensor* out;
    OP_REQUIRES_OK(c, c->allocate_output(0, {size.batch, queries, heads, d}, &out));
    if (size.batch == 0) return;
    const By by = static_cast<By>(by_);
    const float* y = Floats(pattern);
    float* to = out->flat<float>().data();
    const Words panels = PackValues(c, by, Floats(value), size.batch * size.shared, keys, d);
    const int64_t slabs = PanelsOf(keys), widths = PanelsOf(d);
    size.ForQueries(c, [&](int64_t row, int64_t from, int64_t first, int present, float* padded) {
      for (int i = 0; i < present; ++i) std::copy_n(y + (row * queries + first + i) * keys, keys, padded + i * slabs * kPanel);
      const Queries group{by, d, present, 0, keys};
      group.Mix(padded, slabs * kPanel, panels.at(from * slabs * widths * kPanel * kPanel), 0, slabs - 1,
                to + ((row / heads * queries + first) * heads + row % heads) * d, heads * d);
    });
  }

 private:
  int by_;
};

REGISTER_OP("ModelAttend")
    .Attr("by: int").Attr("scale: float").Attr("cap: float").Attr("window: int")
    .Input("query: float").Input("key: float").Input("sinks: float").Input("value: float").Output("mixed: float")
    .SetShapeFn(UnknownShapes);
REGISTER_OP("ModelScores")
    .Attr("by: int").Attr("scale: float").Attr("cap: float").Attr("window: int")
    .Input("query: float").Input("key: float").Input("sinks: float").Output("pattern: float")
    .SetShapeFn(UnknownShapes);
REGISTER_OP("ModelMix").Attr("by: int").Input("pattern: float").Input("value: float").Output("mixed: float").SetShapeFn(UnknownShapes);
REGISTER_KERNEL_BUILDER(Name("ModelAttend").Device(DEVICE_CPU), ModelAttend);
REGISTER_KERNEL_BUILDER(Name("ModelScores").Device(DEVICE_CPU), ModelAttend);
REGISTER_KERNEL_BUILDER(Name("ModelMix").Device(DEVICE_CPU), ModelMix);

}  // namespace
