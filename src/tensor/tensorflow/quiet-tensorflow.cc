// A native module of its own, required before the binding: it loads TensorFlow's framework library with stderr closed
// off and then raises the log level. The library writes notices while it is loaded, when neither TF_CPP_MIN_LOG_LEVEL nor
// a call can have reached its logging. TF_CPP_MIN_LOG_LEVEL below 3 keeps everything.
#include <dlfcn.h>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace {

// absl::SetMinLogLevel(absl::LogSeverityAtLeast) as the wheel's library exports it; without it only later notices show.
constexpr char kSetMinLogLevel[] = "_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE";
constexpr int kFatal = 3;

bool IsVerbose() {
  const char* wanted = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  return wanted != nullptr && std::atoi(wanted) < kFatal;
}

std::string FolderOfThisModule() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&IsVerbose), &info) == 0) return ".";
  const std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/'));
}

void* LoadSilently(const std::string& library) {
  const int saved = dup(STDERR_FILENO);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (saved >= 0 && nowhere >= 0) dup2(nowhere, STDERR_FILENO);
  void* handle = dlopen(library.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (saved >= 0) {
    dup2(saved, STDERR_FILENO);
    close(saved);
  }
  if (nowhere >= 0) close(nowhere);
  return handle;
}

}  // namespace

extern "C" NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  if (IsVerbose()) return exports;
  void* framework = LoadSilently(FolderOfThisModule() + "/" FRAMEWORK_LIBRARY);
  if (framework == nullptr) {
    napi_throw_error(env, nullptr, dlerror());
    return exports;
  }
  using SetMinLogLevel = void (*)(int);
  if (auto set = reinterpret_cast<SetMinLogLevel>(dlsym(framework, kSetMinLogLevel))) set(kFatal);
  return exports;
}
