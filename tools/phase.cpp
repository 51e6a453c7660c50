// canter phase: the phase of any motion.

#include "phase.h"

#include <CLI/CLI.hpp>

#include "command.h"

namespace canter::tools {

void add_phase(CLI::App& app) {
  CLI::App* phase = app.add_subcommand("phase", "Phases of motion: learn, extract, measure");
  phase->require_subcommand(1);
  add_phase_eval(*phase);
  add_phase_extract(*phase);
#ifdef CANTER_HAS_TRAINER
  add_phase_frame(*phase);
  add_phase_train(*phase);
  add_phase_window(*phase);
#endif
}

}  // namespace canter::tools
