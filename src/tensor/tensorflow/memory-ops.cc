// Memory that goes back to the system when its last tensor is gone. TensorFlow keeps what it once had for tensors to come,
// which is right for what a step makes and frees, and wrong for moments of Adam that are there once and for all, and for
// weights: when they are gone, what is made of them needs the room.
//   OwnZeros       a tensor of zeros in memory of its own
//   OwnWrite       numbers put into a variable where it stands; TensorFlow's own way makes every later read a copy
#include <cstdlib>
#include <cstring>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include "ops.h"
#include "tensorflow/core/framework/resource_mgr.h"
#include "tensorflow/core/framework/resource_var.h"

namespace {

// From the system itself: whatever is this large, the C library maps and unmaps by itself.
class OwnMemory : public Allocator {
 public:
  std::string Name() override { return "own memory"; }

  void* AllocateRaw(size_t alignment, size_t bytes) override {
    const size_t page = bytes < kHuge ? 4096 : kHuge;
    void* place = nullptr;
    if (posix_memalign(&place, std::max(alignment, page), (bytes + page - 1) / page * page) != 0) return nullptr;
#ifdef __linux__
    if (bytes >= kHuge) madvise(place, bytes / kHuge * kHuge, MADV_HUGEPAGE);
#endif
    return place;
  }

  void DeallocateRaw(void* place) override { std::free(place); }

 private:
  static constexpr size_t kHuge = 2 << 20;
};

class OwnZeros : public OpKernel {
 public:
  explicit OwnZeros(OpKernelConstruction* c) : OpKernel(c) {}

  void Compute(OpKernelContext* c) override {
    static OwnMemory* const memory = new OwnMemory;
    TensorShape shape;
    const Tensor& sizes = c->input(0);
    for (int64_t i = 0; i < sizes.NumElements(); ++i) {
      OP_REQUIRES(c, Ints(sizes)[i] >= 0, Invalid("OwnZeros: a size is negative"));
      shape.AddDim(Ints(sizes)[i]);
    }
    Tensor zeros(memory, DT_FLOAT, shape);
    OP_REQUIRES(c, zeros.IsInitialized(), absl::ResourceExhaustedError("OwnZeros: there is no memory left"));
    float* to = zeros.flat<float>().data();
    ForBlocks(c, zeros.NumElements(), 1 << 20,
              [=](int64_t first, int64_t last) { std::memset(to + first, 0, (last - first) * sizeof(float)); });
    c->set_output(0, zeros);
  }
};

class OwnWrite : public OpKernel {
 public:
  explicit OwnWrite(OpKernelConstruction* c) : OpKernel(c) {}

  void Compute(OpKernelContext* c) override {
    core::RefCountPtr<Var> variable;
    OP_REQUIRES_OK(c, LookupResource(c, HandleFromInput(c, 0), &variable));
    const Tensor& values = c->input(2);
    mutex_lock lock(*variable->mu());
    Tensor* whole = variable->tensor();
    const int64_t from = Ints(c->input(1))[0], count = values.NumElements();
    OP_REQUIRES(c, whole->dtype() == DT_FLOAT && from >= 0 && from + count <= whole->NumElements(),
                Invalid("OwnWrite: the variable has no such place"));
    if (!whole->RefCountIsOne()) {  // somebody holds what was read: it must not change
      Tensor own;
      OP_REQUIRES_OK(c, c->allocate_temp(DT_FLOAT, whole->shape(), &own));
      std::copy_n(Floats(*whole), whole->NumElements(), own.flat<float>().data());
      *whole = own;
    }
    std::memcpy(whole->flat<float>().data() + from, Floats(values), count * sizeof(float));
  }
};

REGISTER_OP("OwnZeros").Input("shape: int32").Output("zeros: float").SetShapeFn(UnknownShapes);
REGISTER_OP("OwnWrite")
    .Input("variable: resource").Input("from: int32").Input("values: float")
    .SetIsStateful().SetShapeFn(UnknownShapes);
REGISTER_KERNEL_BUILDER(Name("OwnZeros").Device(DEVICE_CPU), OwnZeros);
REGISTER_KERNEL_BUILDER(Name("OwnWrite").Device(DEVICE_CPU), OwnWrite);

}  // namespace
