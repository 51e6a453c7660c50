#pragma once

namespace CLI {
class App;
}

namespace canter::tools {

// The commands below `canter phase`, each in a file of its name.
void add_phase_eval(CLI::App& phase);
void add_phase_extract(CLI::App& phase);
void add_phase_frame(CLI::App& phase);
void add_phase_train(CLI::App& phase);
void add_phase_window(CLI::App& phase);

}  // namespace canter::tools
