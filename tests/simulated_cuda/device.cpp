// A CUDA device simulated in host memory, for machines without one. torch's dispatcher, its device guards and the memory
// limit are real. Each kernel is the CPU's, and refuses tensors of two devices.
// A header for each operator: all of them take a third longer to compile.
#define AT_PER_OPERATOR_HEADERS
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/core/Tensor.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <atomic>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

namespace {

const at::Device DEVICE(at::kCUDA, 0);
const at::DispatchKeySet KEYS(at::DispatchKey::CUDA);

// Memory

std::atomic<int64_t> capacity{0}, used{0}, peak{0};

struct Block {
  int64_t size;
  void* data;
};

void release(void* context) {
  auto* block = static_cast<Block*>(context);
  used -= block->size;
  std::free(block->data);
  delete block;
}

struct Allocator final : at::Allocator {
  at::DataPtr allocate(size_t wanted) override {
    const auto size = static_cast<int64_t>((wanted + 63) / 64 * 64);
    if (used + size > capacity) {
      const auto text = "CUDA out of memory. Tried to allocate " + std::to_string(size) + " bytes.";
      throw c10::OutOfMemoryError({__func__, __FILE__, __LINE__}, text);
    }
    void* data = size ? std::aligned_alloc(64, size) : nullptr;
    used += size;
    peak = std::max(peak.load(), used.load());
    return {data, new Block{size, data}, &release, DEVICE};
  }
  at::DeleterFnPtr raw_deleter() const override { return nullptr; }
  void copy_data(void* to, const void* from, size_t count) const override { default_copy_data(to, from, count); }
} allocator;

REGISTER_ALLOCATOR(at::kCUDA, &allocator)

// The one device, whose stream is always empty

struct Guard final : c10::impl::DeviceGuardImplInterface {
  static constexpr at::DeviceType static_type = at::kCUDA;
  Guard() = default;
  explicit Guard(at::DeviceType) {}
  at::DeviceType type() const override { return at::kCUDA; }
  at::Device getDevice() const override { return DEVICE; }
  at::Device exchangeDevice(at::Device) const override { return DEVICE; }
  void setDevice(at::Device) const override {}
  void uncheckedSetDevice(at::Device) const noexcept override {}
  at::DeviceIndex deviceCount() const noexcept override { return 1; }
  at::Stream getStream(at::Device) const noexcept override { return at::Stream(at::Stream::DEFAULT, DEVICE); }
  at::Stream exchangeStream(at::Stream stream) const noexcept override { return stream; }
  void record(void**, const at::Stream&, const at::DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const at::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, const at::DeviceIndex) const noexcept override {}
};

C10_REGISTER_GUARD_IMPL(CUDA, Guard)

// The device's own generator: the CPU's, under another device's name
struct DeviceGenerator final : c10::GeneratorImpl {
  DeviceGenerator() : GeneratorImpl(DEVICE, KEYS), inner(at::detail::createCPUGenerator()) {}
  void set_current_seed(uint64_t seed) override { inner.set_current_seed(seed); }
  uint64_t current_seed() const override { return inner.current_seed(); }
  uint64_t seed() override { return inner.seed(); }
  void set_offset(uint64_t offset) override { inner.set_offset(offset); }
  uint64_t get_offset() const override { return inner.get_offset(); }
  void set_state(const c10::TensorImpl&) override { TORCH_CHECK(false, "no test needs this"); }
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override { return inner.get_state().getIntrusivePtr(); }
  GeneratorImpl* clone_impl() const override { TORCH_CHECK(false, "no test needs this"); }
  static at::DeviceType device_type() { return at::kCUDA; }
  at::Generator inner;
};

at::Generator& own_generator() {
  static auto generator = at::make_generator<DeviceGenerator>();
  return generator;
}

struct CUDAHooks final : at::CUDAHooksInterface {
  explicit CUDAHooks(at::CUDAHooksArgs) {}
  void init() const override {}
  bool hasCUDA() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(at::DeviceIndex) const override { return true; }
  at::DeviceIndex deviceCount() const override { return 1; }
  at::DeviceIndex current_device() const override { return 0; }
  bool isPinnedPtr(const void*) const override { return false; }
  at::Device getDeviceFromPtr(void*) const override { return DEVICE; }
  const at::Generator& getDefaultGenerator(at::DeviceIndex) const override { return own_generator(); }
  at::Generator getNewGenerator(at::DeviceIndex) const override { return at::make_generator<DeviceGenerator>(); }
};

// Kernels

// The same memory as a tensor of the CPU.
at::Tensor borrow(const at::Tensor& tensor) {
  if (!tensor.is_cuda()) return tensor;
  const auto options = at::TensorOptions().dtype(tensor.dtype()).device(at::kCPU);
  return at::from_blob(tensor.data_ptr(), tensor.sizes(), tensor.strides(), [tensor](void*) {}, options);
}

at::Tensor empty(
    c10::SymIntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<at::Layout>, std::optional<at::Device>,
    std::optional<bool>, std::optional<at::MemoryFormat> format) {
  const auto sizes = C10_AS_INTARRAYREF_SLOW(size);
  return at::detail::empty_generic(sizes, &allocator, KEYS, c10::dtype_or_default(dtype), format);
}

at::Tensor empty_strided(
    c10::SymIntArrayRef size, c10::SymIntArrayRef stride, std::optional<at::ScalarType> dtype,
    std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  const auto sizes = C10_AS_INTARRAYREF_SLOW(size), strides = C10_AS_INTARRAYREF_SLOW(stride);
  return at::detail::empty_strided_generic(sizes, strides, &allocator, KEYS, c10::dtype_or_default(dtype));
}

at::Tensor& copy(at::Tensor& to, const at::Tensor& from, bool) {
  borrow(to).copy_(borrow(from));
  return to;
}

at::Tensor copy_and_resize(const at::Tensor& from, const at::Tensor& to) {
  if (from.sizes() != to.sizes()) {
    auto* tensor = to.unsafeGetTensorImpl();
    tensor->set_storage_keep_dtype(at::empty(from.sizes(), to.options()).storage());
    tensor->set_sizes_contiguous(from.sizes());
  }
  borrow(to).copy_(borrow(from));
  return to;
}

at::Tensor as_strided(
    const at::Tensor& self, c10::SymIntArrayRef size, c10::SymIntArrayRef stride, std::optional<c10::SymInt> offset) {
  const auto start = offset ? std::optional<int64_t>(offset->expect_int()) : std::nullopt;
  const auto sizes = C10_AS_INTARRAYREF_SLOW(size), strides = C10_AS_INTARRAYREF_SLOW(stride);
  return at::native::as_strided_tensorimpl(self, sizes, strides, start);
}

at::Tensor view(const at::Tensor& self, c10::SymIntArrayRef size) {
  return at::native::view(self, C10_AS_INTARRAYREF_SLOW(size));
}

at::Tensor reshape_alias(const at::Tensor& self, c10::SymIntArrayRef size, c10::SymIntArrayRef stride) {
  return at::native::_reshape_alias(self, C10_AS_INTARRAYREF_SLOW(size), C10_AS_INTARRAYREF_SLOW(stride));
}

at::Tensor unfold(const at::Tensor& self, int64_t dimension, int64_t size, int64_t step) {
  return at::native::unfold(self, dimension, size, step);
}

at::Tensor& normal(at::Tensor& self, double mean, double deviation, std::optional<at::Generator> generator) {
  auto* chosen = generator.value_or(own_generator()).unsafeGetGeneratorImpl();
  borrow(self).normal_(mean, deviation, dynamic_cast<DeviceGenerator&>(*chosen).inner);
  return self;
}

at::Scalar read_number(const at::Tensor& self) { return borrow(self).item(); }

// Attention by its formula: the fused kernels that a real device would choose do not exist here.
int64_t choose_attention(
    const at::Tensor&, const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, double, bool,
    std::optional<double>, bool) {
  return static_cast<int64_t>(0);
}

// A real device's kernels refuse CPU tensors, except single numbers and indices.
void check_devices(const std::string& name, at::ArrayRef<c10::IValue> arguments) {
  if (name.rfind("aten::index", 0) == 0 || name.rfind("aten::_index_put", 0) == 0) return;
  std::vector<at::Tensor> tensors;
  for (const auto& argument : arguments) {
    if (argument.isTensor()) tensors.push_back(argument.toTensor());
    if (argument.isTensorList())
      for (const auto& tensor : argument.toTensorVector()) tensors.push_back(tensor);
  }
  for (const auto& tensor : tensors)
    TORCH_CHECK(
        !tensor.defined() || tensor.dim() == 0 || tensor.is_cuda(),
        "Expected all tensors to be on the same device, but one of ", name, " is on the CPU.");
}

void fall_back(const c10::OperatorHandle& operation, torch::jit::Stack* stack) {
  const auto& schema = operation.schema();
  check_devices(schema.name(), torch::jit::last(*stack, schema.arguments().size()));
  at::native::cpu_fallback(operation, stack);
}

}  // namespace

namespace at {
REGISTER_CUDA_HOOKS(CUDAHooks)
}

TORCH_LIBRARY_IMPL(_, CUDA, kernels) {
  kernels.fallback(torch::CppFunction::makeFromBoxedFunction<&fall_back>());
}

TORCH_LIBRARY_IMPL(aten, CUDA, kernels) {
  kernels.impl("empty.memory_format", &empty);
  kernels.impl("empty_strided", &empty_strided);
  kernels.impl("copy_", &copy);
  kernels.impl("_copy_from_and_resize", &copy_and_resize);
  kernels.impl("as_strided", &as_strided);
  kernels.impl("view", &view);
  kernels.impl("_reshape_alias", &reshape_alias);
  kernels.impl("unfold", &unfold);
  kernels.impl("normal_", &normal);
  kernels.impl("_local_scalar_dense", &read_number);
  kernels.impl("_fused_sdp_choice", &choose_attention);
}

TORCH_LIBRARY(simulated_cuda, library) {
  library.def("resize(int size) -> ()", [](int64_t size) { capacity = size; });
  library.def("used() -> int", [] { return used.load(); });
  library.def("restart_peak() -> ()", [] { peak = used.load(); });
  library.def("peak() -> int", [] { return peak.load(); });
  library.def("rng_state() -> Tensor", [] { return own_generator().get_state(); });
}
