// A native module of its own, required before TensorFlow: opens libraries by their paths, for good. TensorFlow asks for the
// CUDA libraries by name alone, and of those that are open already the system gives it these. So nobody sets a library path.
#include <dlfcn.h>
#include <node_api.h>

#include <string>

namespace {

// open(path): undefined, or why it cannot be opened.
napi_value Open(napi_env env, napi_callback_info info) {
  size_t count = 1, length = 0;
  napi_value path, result;
  napi_get_undefined(env, &result);
  napi_get_cb_info(env, info, &count, &path, nullptr, nullptr);
  if (count != 1 || napi_get_value_string_utf8(env, path, nullptr, 0, &length) != napi_ok) {
    napi_throw_type_error(env, nullptr, "open(path)");
    return result;
  }
  std::string text(length + 1, '\0');
  napi_get_value_string_utf8(env, path, &text[0], text.size(), &length);
  if (dlopen(text.c_str(), RTLD_LAZY | RTLD_GLOBAL) == nullptr)
    napi_create_string_utf8(env, dlerror(), NAPI_AUTO_LENGTH, &result);
  return result;
}

}  // namespace

extern "C" NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value open;
  napi_create_function(env, "open", NAPI_AUTO_LENGTH, Open, nullptr, &open);
  napi_set_named_property(env, exports, "open", open);
  return exports;
}
