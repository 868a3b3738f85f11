// SaeProduct: a b^T of a [n, d] and b [m, d], every number one sum in the order of the columns: the same bits with any number
// of threads and any vectors, where a library's product has others.
#include "product-tiles.h"

namespace {

class SaeProduct : public OpKernel {
 public:
  explicit SaeProduct(OpKernelConstruction* c) : OpKernel(c) { OP_REQUIRES_OK(c, c->GetAttr("by", &by_)); }

  void Compute(OpKernelContext* c) override {
    constexpr int kRows = 96;
    const Tensor &a = c->input(0), &b = c->input(1);
    const By by = static_cast<By>(by_);
    OP_REQUIRES(c, a.dims() == 2 && b.dims() == 2 && a.dim_size(1) == b.dim_size(1) && by != By::kHalf512 && CpuHas(by),
                Invalid("SaeProduct: shapes do not agree"));
    const int64_t n = a.dim_size(0), m = b.dim_size(0);
    const int d = a.dim_size(1);
    Tensor* product;
    OP_REQUIRES_OK(c, c->allocate_output(0, {n, m}, &product));
    if (n == 0 || m == 0) return;
    float* out = product->flat<float>().data();
    const uint32_t *rows = reinterpret_cast<const uint32_t*>(Floats(a)), *others = reinterpret_cast<const uint32_t*>(Floats(b));
    Words panels;
    panels.Make(static_cast<int64_t>(PanelsOf(m)) * kPanel * d);
    ForBlocks(c, m, kPanel, [&](int64_t from, int64_t to) {
      const uint32_t* at[kPanel];
      for (int64_t j = from; j < to; ++j) at[j - from] = others + j * d;
      Transpose(by, at, to - from, d, panels.at(from * d));
    });
    ForBlocks(c, n, kRows, [&](int64_t from, int64_t to) {
      float tile[kTileRows * kPanel];
      for (int64_t first = 0; first < m; first += kPanel) {
        const int width = std::min<int64_t>(kPanel, m - first);
        for (int64_t row = from; row < to; row += kTileRows) {
          const uint32_t* at[kTileRows];
          for (int i = 0; i < kTileRows; ++i) at[i] = rows + std::min(to - 1, row + i) * d;
          Tile(by, at, panels.at(first * d), d, tile);
          for (int i = 0; i < std::min<int64_t>(kTileRows, to - row); ++i)
            std::copy_n(tile + i * kPanel, width, out + (row + i) * m + first);
        }
      }
    });
  }

 private:
  int by_;
};

REGISTER_OP("SaeProduct").Attr("by: int").Input("a: float").Input("b: float").Output("product: float").SetShapeFn(UnknownShapes);
REGISTER_KERNEL_BUILDER(Name("SaeProduct").Device(DEVICE_CPU), SaeProduct);

}  // namespace
