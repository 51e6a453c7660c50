#include "physics/load_engine.h"

#include <cstring>
#include <mutex>

#include "physics/engine.h"

namespace canter::physics::detail {

Result<EngineModel> load_engine(const std::string& xml) {
  // The engine's reader keeps state of its own, so one thread at a time.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  constexpr const char* kName = "body.xml";
  const auto files = std::make_unique<mjVFS>();  // some 2 MB
  EngineText error{};
  mjModel* engine = nullptr;
  EngineText fatal{};
  const bool ran = guarded(
      [&] {
        mj_defaultVFS(files.get());
        if (mj_makeEmptyFileVFS(files.get(), kName, static_cast<int>(xml.size())) != 0) return;
        std::memcpy(files->filedata[0], xml.data(), xml.size());
        engine = mj_loadXML(kName, files.get(), error.data(), static_cast<int>(error.size()));
        mj_deleteVFS(files.get());
      },
      fatal);
  if (!ran || engine == nullptr)
    return Error{ErrorCode::bad_value, std::string(ran ? error.data() : fatal.data())};
  return EngineModel(engine);
}

}  // namespace canter::physics::detail
