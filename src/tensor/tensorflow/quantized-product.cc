// Matrices that stay in memory as a model's file has them: rows of blocks of small integers with scales (quantized-blocks.h).
//   QuantizedProduct   x W^T: 64 rows of W become f32 in the cache, and are multiplied as SaeProduct does, with its bits
//   QuantizedRows      some rows of W, as f32
// W is its bytes and its parts, [parts, 2]: GGML's type and the number of rows of each, one after the other.
#include <vector>

#include "product-tiles.h"
#include "quantized-blocks.h"

namespace {

class QuantizedMatrix {
 public:
  // Of `columns` columns.
  absl::Status Read(const Tensor& bytes, const Tensor& parts, int64_t columns) {
    const uint8_t* at = bytes.flat<uint8_t>().data();
    const uint8_t* const end = at + bytes.NumElements();
    columns_ = columns;
    for (int64_t i = 0; i + 1 < parts.NumElements(); i += 2) {
      const BlockFormat* format = FindBlockFormat(Ints(parts)[i]);
      const int64_t rows = Ints(parts)[i + 1];
      if (format == nullptr || rows < 0 || columns <= 0 || columns % format->values != 0)
        return Invalid("quantized matrix: no such blocks");
      const int64_t stride = columns / format->values * format->bytes;
      if (rows > (end - at) / stride) return Invalid("quantized matrix: bytes are missing");
      parts_.push_back({format, rows_, rows_ + rows, at, stride});
      at += rows * stride;
      rows_ += rows;
    }
    return at == end ? absl::OkStatus() : Invalid("quantized matrix: there are more bytes than rows");
  }

  int64_t rows() const { return rows_; }

  // `count` values of a row from column `from` on: both multiples of 256, or the row ends there.
  void Decode(int64_t row, int64_t from, int64_t count, float* out) const {
    const Part* part = parts_.data();
    while (row >= part->end) ++part;
    const BlockFormat& format = *part->format;
    format.decode(part->at + (row - part->first) * part->stride + from / format.values * format.bytes, count / format.values, out);
  }

 private:
  struct Part {
    const BlockFormat* format;
    int64_t first, end;
    const uint8_t* at;
    int64_t stride;
  };
  std::vector<Part> parts_;
  int64_t rows_ = 0, columns_ = 0;
};

class QuantizedProduct : public OpKernel {
 public:
  explicit QuantizedProduct(OpKernelConstruction* c) : OpKernel(c) {
    OP_REQUIRES_OK(c, c->GetAttr("by", &by_));
    OP_REQUIRES_OK(c, c->GetAttr("first", &first_));
    OP_REQUIRES_OK(c, c->GetAttr("count", &count_));
  }

  void Compute(OpKernelContext* c) override {
    const Tensor& x = c->input(0);
    const By by = static_cast<By>(by_);
    OP_REQUIRES(c, x.dims() == 2 && (by == By::kFloat || by == By::kFloat512) && CpuHas(by),
                Invalid("QuantizedProduct: shapes do not agree"));
    const int64_t n = x.dim_size(0), d = x.dim_size(1);
    QuantizedMatrix matrix;
    OP_REQUIRES_OK(c, matrix.Read(c->input(1), c->input(2), d));
    OP_REQUIRES(c, first_ >= 0 && count_ >= 0 && first_ + static_cast<int64_t>(count_) <= matrix.rows(),
                Invalid("QuantizedProduct: there are no such rows"));
    Tensor* product;
    OP_REQUIRES_OK(c, c->allocate_output(0, {n, count_}, &product));
    if (n == 0 || count_ == 0) return;
    const uint32_t* rows = reinterpret_cast<const uint32_t*>(Floats(x));
    float* out = product->flat<float>().data();
    ForBlocks(c, count_, kPanel, [&](int64_t from, int64_t to) {
      Words slab, panel;
      slab.Make(kPanel * kSlab);
      panel.Make(kPanel * d);
      // Columns of a strip stand together slab by slab, so that a sum goes on from one to the next.
      const int present = to - from;
      for (int64_t k = 0; k < d; k += kSlab) {
        const int columns = std::min<int64_t>(kSlab, d - k);
        const uint32_t* at[kPanel];
        for (int i = 0; i < present; ++i) {
          float* row = reinterpret_cast<float*>(slab.at(i * kSlab));
          matrix.Decode(first_ + from + i, k, columns, row);
          at[i] = slab.at(i * kSlab);
        }
        Transpose(by, at, present, columns, panel.at(kPanel * k));
      }
      float tile[kTileRows * kPanel];
      for (int64_t row = 0; row < n; row += kTileRows) {
        for (int64_t k = 0; k < d; k += kSlab) {
          const uint32_t* at[kTileRows];
          for (int i = 0; i < kTileRows; ++i) at[i] = rows + std::min(n - 1, row + i) * d + k;
          Tile(by, at, panel.at(kPanel * k), std::min<int64_t>(kSlab, d - k), tile, k > 0);
        }
        for (int i = 0; i < std::min<int64_t>(kTileRows, n - row); ++i)
          std::copy_n(tile + i * kPanel, present, out + (row + i) * count_ + from);
      }
    });
  }

 private:
  // Columns that become f32 at once: blocks have 256 at most.
  static constexpr int kSlab = 256;
  int by_, first_, count_;
};

class QuantizedRows : public OpKernel {
 public:
  explicit QuantizedRows(OpKernelConstruction* c) : OpKernel(c) { OP_REQUIRES_OK(c, c->GetAttr("columns", &columns_)); }

  void Compute(OpKernelContext* c) override {
    const Tensor& wanted = c->input(2);
    QuantizedMatrix matrix;
    OP_REQUIRES_OK(c, matrix.Read(c->input(0), c->input(1), columns_));
    const int64_t n = wanted.NumElements();
    for (int64_t i = 0; i < n; ++i)
      OP_REQUIRES(c, Ints(wanted)[i] >= 0 && Ints(wanted)[i] < matrix.rows(), Invalid("QuantizedRows: there is no such row"));
    Tensor* rows;
    OP_REQUIRES_OK(c, c->allocate_output(0, {n, columns_}, &rows));
    float* out = rows->flat<float>().data();
    ForBlocks(c, n, 64, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) matrix.Decode(Ints(wanted)[i], 0, columns_, out + i * columns_);
    });
  }

 private:
  int columns_;
};

REGISTER_OP("QuantizedProduct")
    .Attr("by: int").Attr("first: int").Attr("count: int")
    .Input("x: float").Input("bytes: uint8").Input("parts: int32").Output("product: float")
    .SetShapeFn(UnknownShapes);
REGISTER_OP("QuantizedRows")
    .Attr("columns: int")
    .Input("bytes: uint8").Input("parts: int32").Input("wanted: int32").Output("rows: float")
    .SetShapeFn(UnknownShapes);
REGISTER_KERNEL_BUILDER(Name("QuantizedProduct").Device(DEVICE_CPU), QuantizedProduct);
REGISTER_KERNEL_BUILDER(Name("QuantizedRows").Device(DEVICE_CPU), QuantizedRows);

}  // namespace
