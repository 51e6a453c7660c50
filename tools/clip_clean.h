#pragma once

namespace CLI {
class App;
}

namespace canter::tools {

// `canter clip clean`. Called once.
void add_clip_clean(CLI::App& clip);

}  // namespace canter::tools
